// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/probe_recorder.h"

#include <time.h>

#include <stdexcept>
#include <system_error>

#include "nic/probes/probe_cgroup.h"
#include "nic/probes/tcp_counters.h"
#include "results/flow_csv.h"

namespace longhaul::scenario {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

nic::ProbeSettings settings_of(const Scenario& scenario) {
  nic::ProbeSettings settings;
  settings.stamp_every = scenario.probes.stamp_every;
  settings.burst_gap = std::chrono::nanoseconds(scenario.probes.burst_gap.ns());
  // Connections are told apart by their network namespace, so the root will do.
  settings.cgroup = nic::cgroup2_root();
  return settings;
}

}  // namespace

ProbeRecorder::ProbeRecorder(const Scenario& scenario, const Testbed& testbed)
    : scenario_(scenario), testbed_(testbed) {
  if (!scenario.probes.on) {
    why_not_ = "no host probes: the scenario has them off (probes)";
    return;
  }
  if (const auto reason = nic::HostProbes::why_not()) {
    why_not_ = *reason;
    return;
  }
  try {
    attach();
  } catch (const std::exception& error) {
    why_not_ = std::string("no host probes: ") + error.what();
  }
}

void ProbeRecorder::attach() {
  std::vector<nic::ProbeHost> places;
  const topology::Topology& topology = scenario_.topology;
  for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
    if (topology.hosts[h].kind != topology::HostKind::kNetns) continue;
    indices_.push_back(h);
    hosts_.push_back({topology.hosts[h].name, host_address(h), topology.hosts[h].site});
    places.push_back({topology.hosts[h].name, testbed_.namespace_fd(h)});
    tcp_before_.push_back(nic::tcp_retransmitted_segments(testbed_.namespace_fd(h)));
  }
  epoch_ns_ = monotonic_ns() - testbed_.now().since_zero().ns();
  probes_.emplace(places, settings_of(scenario_));
}

void ProbeRecorder::poll() {
  if (probes_) probes_->poll([this](const nic::ConnectionSample& sample) { log_.add(sample); });
}

std::vector<results::HostRetransmits> ProbeRecorder::retransmits() const {
  std::vector<results::HostRetransmits> all;
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    const std::uint64_t by_tcp = nic::tcp_retransmitted_segments(testbed_.namespace_fd(indices_[h]));
    all.push_back({hosts_[h].name, 0, probes_->retransmissions(h).segments, by_tcp - tcp_before_[h]});
  }
  for (const nic::ConnectionCount& end : probes_->connections())
    all[end.host].sock_ops += end.retransmitted_segments;
  return all;
}

void ProbeRecorder::fill(results::RunRecord& record, const std::filesystem::path& directory) {
  results::HostProbesResult& result = record.host_probes;
  result.why_not = why_not_;
  if (!probes_) return;
  poll();
  const std::vector<nic::ConnectionCount> connections = probes_->connections();
  result.flows = flow_results(probes_->flows(), connections, hosts_, epoch_ns_);
  result.delays = delay_results(probes_->delays(), hosts_, scenario_.topology);
  result.hosts = retransmits();
  const nic::ProbeLosses losses = probes_->losses();
  result.samples_lost = losses.samples + log_.left_out();
  result.stamps_lost = losses.stamps + losses.delays.no_room;
  result.connections_lost = losses.connections;
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    for (const auto direction : {nic::ProbeDirection::kSent, nic::ProbeDirection::kReceived})
      result.flow_frames_lost += probes_->totals(h, direction).no_room_frames;
  }
  for (results::CollectiveResult& collective : record.collectives)
    collective.traffic = traffic_of(collective, log_, connections, hosts_);
  const std::filesystem::path file = directory / "flows.csv";
  try {
    results::write_flow_csv(file, result.flows);
  } catch (const std::runtime_error& error) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    record.unwritten.push_back(error.what());
  }
}

}  // namespace longhaul::scenario
