// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/flow_run.h"

#include <fmt/format.h>
#include <ns3/simulator.h>

#include <algorithm>

#include "scenarios/line_load.h"
#include "scenarios/predict.h"
#include "scenarios/simulate/tcp.h"
#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint16_t kFirstPort = 10'000;  // of the raw flows

// Set-up's round trip, then all bytes at the goodput of the slowest line, then the way there.
Duration alone(const topology::Topology& topology, const Flow& flow) {
  const topology::Host& from = topology.hosts[flow.from];
  const std::size_t to = topology.hosts[flow.to].site;
  const BitRate rate = from.rate == BitRate() ? wide::kUnlimited : from.rate;
  double slowest = goodput(rate, core::Framing::kWire, topology.mtu);
  for (const topology::Hop& hop : topology::path(topology, from.site, to))
    slowest = std::min(slowest, line_goodput(topology, hop.link, hop.direction));
  const Duration there = topology::propagation_delay(topology, from.site, to);
  const Duration back = topology::propagation_delay(topology, to, from.site);
  return there + back + there + Duration::from_seconds(static_cast<double>(flow.bytes.count()) / slowest);
}

}  // namespace

FlowRun::FlowRun(const Scenario& scenario, const wide::Network& network) : scenario_(scenario) {
  events_ = {[this](TcpFlow& flow, const TcpFlow::Client& client) { listeners_.expect(flow, client); },
             [this] { ++moves_; },
             [this](TcpFlow& flow) {
               give_up(fmt::format("the TCP flow of {} B that starts at {} s broke", flow.plan().bytes,
                                   flow.plan().start.to_seconds()));
             }};
  for (std::size_t i = 0; i < scenario.flows.list.size(); ++i) {
    const Flow& flow = scenario.flows.list[i];
    const ns3::Ipv4Address to_address = wide::host_address(flow.to);
    Running& running = flows_.emplace_back();
    if (flow.source) {
      const RawFlow::Ends ends{network.host(flow.from), network.host(flow.to), to_address,
                               static_cast<std::uint16_t>(kFirstPort + i), flow.dscp};
      const core::StreamOwner owner{.link = static_cast<std::uint32_t>(i), .direction = 1};
      running.raw = std::make_unique<RawFlow>(ends, traffic::Source(*flow.source, owner, scenario.seed));
    } else {
      listeners_.listen(network.host(flow.to), flow.port);
      const TcpFlow::Plan plan{
          network.host(flow.from),   to_address, flow.port, flow.dscp, flow.bytes.count(), flow.start,
          window(flow.from, flow.to)};
      running.tcp = std::make_unique<TcpFlow>(plan, events_);
    }
  }
}

Bytes FlowRun::window(std::size_t from, std::size_t to) {
  const auto [window, is_new] = windows_.try_emplace({from, to});
  if (is_new) window->second = send_window(scenario_, from, to);
  return window->second;
}

void FlowRun::start() {
  for (const Running& flow : flows_) flow.raw != nullptr ? flow.raw->start() : flow.tcp->start();
  if (scenario_.flows.duration)
    ns3::Simulator::Schedule(ns3_time(*scenario_.flows.duration), [this] { stop(); });
}

void FlowRun::stop() {
  for (const Running& flow : flows_) flow.raw != nullptr ? flow.raw->stop() : flow.tcp->stop();
}

bool FlowRun::over() const {
  if (!failure_.empty()) return true;
  if (scenario_.flows.duration && simulated() >= *scenario_.flows.duration) return true;
  return std::all_of(flows_.begin(), flows_.end(), [](const Running& flow) { return flow.over(); });
}

void FlowRun::give_up(const std::string& why) {
  if (failure_.empty()) failure_ = why;
  stop();
}

// Those that wait for their time, and those that only send, are not stuck.
std::uint64_t FlowRun::moves() const {
  const bool waits = std::any_of(flows_.begin(), flows_.end(), [](const Running& flow) {
    return flow.tcp != nullptr && flow.tcp->begun() && !flow.tcp->complete();
  });
  return waits ? moves_ : static_cast<std::uint64_t>(simulated().ps());
}

double FlowRun::share_done() const {
  if (scenario_.flows.duration)
    return std::min(1.0, simulated().to_seconds() / scenario_.flows.duration->to_seconds());
  const auto done =
      std::count_if(flows_.begin(), flows_.end(), [](const Running& flow) { return flow.over(); });
  return static_cast<double>(done) / static_cast<double>(flows_.size());
}

void FlowRun::fill(results::RunRecord& record) const {
  const topology::Topology& topology = scenario_.topology;
  record.collective.clear();
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const Flow& flow = scenario_.flows.list[i];
    results::WorkloadFlow result;
    result.from = topology.hosts[flow.from].name;
    result.to = topology.hosts[flow.to].name;
    result.start_s = flow.start.to_seconds();
    if (flow.source) {
      result.kind = traffic::kKindNames[flow.source->kind.index()];
      result.frames = flows_[i].raw->result();
    } else {
      const TcpFlow& tcp = *flows_[i].tcp;
      result.kind = "tcp";
      result.transfer = {flow.bytes.count(), tcp.received(), {}, alone(topology, flow).to_seconds() * 1e6};
      if (const auto completion = tcp.completion())
        result.transfer->completion_us = completion->to_seconds() * 1e6;
    }
    record.workload_flows.push_back(std::move(result));
  }
}

}  // namespace longhaul::scenario
