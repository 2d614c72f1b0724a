// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/testbed.h"

#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nic/cpus.h"
#include "nic/port.h"
#include "topologies/model.h"

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::Topology;

// TCP needs twice its window, and the kernel counts its own overhead in the same limit.
std::uint64_t tcp_window_bytes(const Topology& topology) {
  std::uint64_t largest = 0;
  for (std::size_t a = 0; a < topology.sites.size(); ++a) {
    for (std::size_t b = 0; b < topology.sites.size(); ++b) {
      std::uint64_t buffers = 0;
      BitRate fastest;
      for (const topology::Hop& hop : topology::path(topology, a, b)) {
        const core::LinkConfig& link = topology.links[hop.link].directions[hop.direction];
        buffers += link.buffer.count();
        fastest = std::max(fastest, link.rate);
      }
      const Duration round_trip =
          topology::propagation_delay(topology, a, b) + topology::propagation_delay(topology, b, a);
      largest = std::max(largest, bytes_in(fastest, round_trip).count() + buffers);
    }
  }
  constexpr std::uint64_t kAtLeast = 4 * 1024 * 1024, kAtMost = 1024 * 1024 * 1024;
  return std::clamp(4 * largest, kAtLeast, kAtMost);
}

unsigned choose_cpu(std::optional<unsigned> asked) {
  const std::vector<unsigned> cpus = nic::usable_cpus();
  if (!asked) return cpus.back();
  if (std::find(cpus.begin(), cpus.end(), *asked) == cpus.end()) {
    throw std::runtime_error(
        fmt::format("--cpu {}: no such CPU for this process; it may use {}", *asked, fmt::join(cpus, ", ")));
  }
  return *asked;
}

std::vector<nic::LabHostSpec> lab_specs(const Topology& topology, const TestbedOptions& options,
                                        const std::vector<unsigned>& receive_cpus) {
  const std::uint64_t window = tcp_window_bytes(topology);
  std::vector<nic::LabHostSpec> specs;
  for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
    if (topology.hosts[h].kind != topology::HostKind::kNetns) continue;
    nic::LabHostSpec spec{topology.hosts[h].name, host_address(h) + "/24", topology.mtu, {}};
    spec.tcp.congestion_control = options.congestion_control;
    spec.tcp.ecn = options.ecn;
    spec.tcp.rmem_max = spec.tcp.wmem_max = window;
    spec.rate_bps = topology.hosts[h].rate.bps();
    spec.receive_cpus = receive_cpus;
    specs.push_back(spec);
  }
  return specs;
}

// The configured device of an external host, or the one for the emulator's end of a namespace host's veth.
void name_devices(dataplane::EngineConfig& config, const std::vector<nic::LabHost>& lab,
                  const std::vector<std::optional<std::size_t>>& lab_index) {
  for (std::size_t h = 0; h < lab_index.size(); ++h) {
    if (!lab_index[h]) continue;
    config.ports[h].device = nic::device_for_interface(lab[*lab_index[h]].emulator_interface, config.mtu,
                                                       static_cast<unsigned>(h));
  }
}

}  // namespace

std::string host_address(std::size_t host) {
  return fmt::format("10.71.0.{}", host + 1);
}

dataplane::EngineConfig engine_config(const Topology& topology, std::uint64_t seed) {
  dataplane::EngineConfig config;
  config.sites = topology.sites.size();
  config.mtu = topology.mtu;
  config.largest_frame = topology.largest_frame();
  config.seed = seed;
  for (const topology::Host& host : topology.hosts)
    config.ports.push_back({host.name, host.device, host.site});
  for (std::uint32_t l = 0; l < topology.links.size(); ++l) {
    const topology::Link& link = topology.links[l];
    for (const std::uint32_t d : {std::uint32_t{topology::kForward}, std::uint32_t{topology::kReverse}}) {
      config.directions.push_back({.link = link.directions[d],
                                   .owner = {l, d},
                                   .from_site = link.between[d],
                                   .to_site = link.between[1 - d],
                                   .carries_pause = link.carries_pause});
    }
  }
  return config;
}

Testbed::Testbed(const Topology& topology, const TestbedOptions& options)
    : topology_(topology),
      name_(options.name),
      state_(options.name),
      cpu_(choose_cpu(options.cpu)),
      config_(engine_config(topology, options.seed)) {
  std::size_t next = 0;
  for (const topology::Host& host : topology.hosts) {
    const bool in_lab = host.kind == topology::HostKind::kNetns;
    lab_index_.push_back(in_lab ? std::optional(next++) : std::nullopt);
  }
  // DPDK keeps files of its own while it runs; there they go with the rest, also after a kill.
  setenv("RUNTIME_DIRECTORY", state_.make_directory("dpdk").c_str(), 1);
  hosts_.emplace(state_, lab_specs(topology, options, other_cpus()));
  config_.cpu = cpu_;
  config_.log_decisions = options.log_decisions;
  name_devices(config_, hosts_->hosts(), lab_index_);
  engine_.emplace(config_);
  latest_ = engine_->final_state();
  engine_->start();

  std::vector<nic::HostEntry> entries;
  for (const nic::LabHost& host : hosts_->hosts()) {
    entries.push_back({host.name, host.network_namespace, host.address});
  }
  state_.publish_hosts(entries);
}

Testbed::~Testbed() = default;

int Testbed::namespace_fd(std::size_t host) const {
  if (!lab_index_.at(host)) {
    throw std::runtime_error(fmt::format("host {} is external: nothing can be started there from here",
                                         topology_.hosts[host].name));
  }
  return hosts_->namespace_fd(*lab_index_[host]);
}

std::vector<unsigned> Testbed::other_cpus() const {
  std::vector<unsigned> cpus = nic::usable_cpus();
  if (cpus.size() > 1) std::erase(cpus, cpu_);
  return cpus;
}

void Testbed::drain() {
  while (engine_->next_sample(latest_)) {
    if (on_sample_) on_sample_(latest_);
  }
  core::Decision decision;
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    while (engine_->next_decision(d, decision)) {
      if (on_decision_) on_decision_(d, decision);
    }
  }
}

bool Testbed::quiet() const {
  const bool empty = std::all_of(latest_.directions.begin(), latest_.directions.end(),
                                 [](const auto& direction) { return direction.counters.held.frames == 0; });
  if (!empty) return false;
  for (const results::PortResult& port : port_results(latest_)) {
    for (const auto& [place, frames] : port.losses) {
      if (frames != 0) return false;
    }
  }
  return true;
}

bool Testbed::settle(Duration deadline) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(deadline.ns());
  bool settled = false;
  while (!settled && std::chrono::steady_clock::now() < end) {
    poll(nullptr, 0, 20);  // a few samples' time
    drain();
    settled = quiet();
  }
  engine_->stop();
  drain();
  latest_ = engine_->final_state();
  if (on_sample_) on_sample_(latest_);
  return settled;
}

std::vector<results::PortResult> Testbed::port_results(const dataplane::Sample& sample) const {
  std::vector<results::PortResult> ports;
  for (std::size_t p = 0; p < config_.ports.size(); ++p) {
    const dataplane::PortCounters& seen = sample.ports[p];
    const dataplane::Engine::DriverStatistics driver = engine_->driver_statistics(p);
    results::PortResult port{config_.ports[p].host, config_.ports[p].device, seen.rx_frames, seen.rx_bytes,
                             seen.tx_frames,        seen.tx_bytes,           driver.losses};
    port.pause_frames = seen.pause_frames;
    port.losses.emplace_back("tx_refused", seen.losses.tx_refused);
    port.losses.emplace_back("no_buffer", seen.losses.no_buffer);
    port.losses.emplace_back("oversized", seen.losses.oversized);
    if (lab_index_[p]) {
      // What the drivers cannot see: the veth pair has queues of its own. In the end both sides must agree.
      const nic::HostInterfaceCounters veth = hosts_->read_counters(*lab_index_[p]);
      port.losses.emplace_back("host_tx_dropped", veth.host.tx_dropped + veth.host.tx_errors);
      port.losses.emplace_back("host_rx_dropped", veth.host.rx_dropped + veth.host.rx_errors);
      port.losses.emplace_back("veth_rx_dropped", veth.emulator.rx_dropped + veth.emulator.rx_errors);
      port.losses.emplace_back("veth_tx_dropped", veth.emulator.tx_dropped + veth.emulator.tx_errors);
      for (const auto& [name, frames] : veth.emulator.driver_losses) port.losses.emplace_back(name, frames);
      auto missing = [](std::uint64_t sent, std::uint64_t received) {
        return sent > received ? sent - received : 0;
      };
      port.losses.emplace_back("unseen_from_host", missing(veth.host.tx_packets, seen.rx_frames));
      port.losses.emplace_back("unseen_to_host", missing(seen.tx_frames, veth.host.rx_packets));
    }
    ports.push_back(std::move(port));
  }
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    if (sample.directions[d].store_full == 0) continue;
    results::PortResult store;
    store.host = fmt::format("link {}", topology_.links[config_.directions[d].owner.link].name);
    store.device = "memory for frames in flight";
    store.losses.emplace_back("store_full", sample.directions[d].store_full);
    ports.push_back(std::move(store));
  }
  return ports;
}

void Testbed::fill(results::RunRecord& record) const {
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    const dataplane::DirectionConfig& direction = config_.directions[d];
    record.directions.push_back(
        {topology_.links[direction.owner.link].name, topology_.sites[direction.from_site].name,
         topology_.sites[direction.to_site].name, latest_.directions[d].counters,
         results::lateness_of(engine_->lateness(d)), direction.link.queues.classes.size()});
  }
  record.ports = port_results(latest_);
  for (std::size_t s = 0; s < topology_.sites.size(); ++s) {
    const dataplane::SwitchCounters counters = engine_->switch_counters(s);
    record.switches.push_back({topology_.sites[s].name, counters.forwarded, counters.flooded,
                               counters.filtered, counters.storm_limited});
  }
  record.samples_lost = engine_->samples_lost();
  const dataplane::LoopStatistics loop = engine_->loop_statistics();
  record.machine.emplace_back("data_plane_turns", std::to_string(loop.turns));
  record.machine.emplace_back("data_plane_longest_turn_us",
                              fmt::format("{:.1f}", loop.longest_turn.to_seconds() * 1e6));
}

std::string Testbed::status_json() const {
  using nlohmann::ordered_json;
  auto tally = [](const core::Tally& t) { return ordered_json{{"frames", t.frames}, {"bytes", t.bytes}}; };
  ordered_json status{{"run", name_}, {"uptime_s", latest_.at.since_zero().to_seconds()}};
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    const dataplane::DirectionConfig& direction = config_.directions[d];
    const core::LinkCounters& counters = latest_.directions[d].counters;
    ordered_json dropped;
    for (std::size_t c = 0; c < core::kDropCauses; ++c) {
      dropped[std::string(core::name(static_cast<core::DropCause>(c)))] = tally(counters.dropped[c]);
    }
    status["directions"].push_back({{"link", topology_.links[direction.owner.link].name},
                                    {"from", topology_.sites[direction.from_site].name},
                                    {"to", topology_.sites[direction.to_site].name},
                                    {"in", tally(counters.in)},
                                    {"out", tally(counters.out)},
                                    {"dropped", dropped},
                                    {"held", tally(counters.held)},
                                    {"queue_bytes", counters.queue_bytes},
                                    {"queue_peak_bytes", counters.queue_peak_bytes},
                                    {"conserved", counters.conserved()}});
  }
  for (std::size_t p = 0; p < config_.ports.size(); ++p) {
    const dataplane::PortCounters& port = latest_.ports[p];
    status["ports"].push_back({{"host", config_.ports[p].host},
                               {"device", config_.ports[p].device},
                               {"address", lab_index_[p] ? host_address(p) : "external"},
                               {"rx_frames", port.rx_frames},
                               {"tx_frames", port.tx_frames}});
  }
  return status.dump(2) + "\n";
}

}  // namespace longhaul::scenario
