// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/background_run.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>
#include <variant>

namespace longhaul::scenario {
namespace {

constexpr std::uint16_t kPort = 9;  // discard, RFC 863
constexpr std::uint32_t kEthernetHeader = 14;

void require_frames(const traffic::Background& one, std::uint32_t mtu) {
  const auto refuse = [&](std::string_view why) {
    throw std::runtime_error(
        fmt::format("cannot simulate background {}: {}; or run it with --mode emulate", one.name, why));
  };
  if (std::holds_alternative<traffic::Bulk>(one.source.kind))
    refuse("bulk is a rule and sends no frames, allowed: constant, poisson, on-off, flows, incast");
  if (one.traffic_class != traffic::kOwnClass)
    refuse("its frames have no class of their own here, allowed: without `class`");
  if (one.source.packet > mtu + kEthernetHeader)
    refuse(fmt::format("packets of {} B, allowed: up to {} B", one.source.packet, mtu + kEthernetHeader));
}

}  // namespace

topology::Topology with_background_hosts(const Scenario& scenario) {
  topology::Topology topology = scenario.topology;
  for (const traffic::Background& one : scenario.background) {
    require_frames(one, topology.mtu);
    for (const std::size_t site : {one.from, one.to}) {
      topology::Host host;
      host.name = one.name;
      host.site = site;
      topology.hosts.push_back(host);
    }
  }
  return topology;
}

BackgroundRun::BackgroundRun(const Scenario& scenario, const wide::Network& network) : scenario_(scenario) {
  for (std::uint32_t i = 0; i < scenario.background.size(); ++i) {
    const std::size_t from = scenario.topology.hosts.size() + 2 * std::size_t{i}, to = from + 1;
    const RawFlow::Ends ends{network.host(from), network.host(to), wide::host_address(to), kPort};
    flows_.push_back(std::make_unique<RawFlow>(
        ends, traffic::Source(scenario.background[i].source, core::StreamOwner{.link = i}, scenario.seed)));
  }
}

void BackgroundRun::start() {
  for (const auto& flow : flows_) flow->start();
}

void BackgroundRun::stop() {
  for (const auto& flow : flows_) flow->stop();
}

void BackgroundRun::fill(results::RunRecord& record) const {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const traffic::Background& one = scenario_.background[i];
    results::WorkloadFlow flow;
    flow.background = one.name;
    flow.from = scenario_.topology.sites[one.from].name;
    flow.to = scenario_.topology.sites[one.to].name;
    flow.kind = traffic::kKindNames[one.source.kind.index()];
    flow.start_s = one.source.start.since_zero().to_seconds();
    flow.frames = flows_[i]->result();
    record.workload_flows.push_back(std::move(flow));
  }
}

}  // namespace longhaul::scenario
