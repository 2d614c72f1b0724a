// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/simulation.h"

#include <fmt/format.h>
#include <ns3/object-factory.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <stdexcept>

#include "scenarios/simulate/collective_run.h"
#include "scenarios/simulate/flow_run.h"
#include "scenarios/simulate/tcp.h"
#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::kForward;
using topology::kReverse;

constexpr Duration kSampleInterval = Duration::milliseconds(10);  // as the data plane's
constexpr Duration kLookInterval = Duration::microseconds(100);
constexpr Duration kPatience = Duration::seconds(60);  // without anything done
constexpr Duration kSettle = Duration::seconds(2);

const Scenario& possible(const Scenario& scenario) {
  const topology::Topology& topology = scenario.topology;
  for (const Flow& flow : scenario.flows.list) {
    const topology::Host &from = topology.hosts[flow.from], &to = topology.hosts[flow.to];
    if (from.vlan == to.vlan) continue;
    throw std::runtime_error(
        fmt::format("cannot simulate a flow from {} to {}: they are in different VLANs, allowed: both in one",
                    from.name, to.name));
  }
  if (!scenario.flows.list.empty()) return scenario;
  for (const std::size_t host : scenario.workload.ranks) {
    if (topology.hosts[host].vlan == topology.hosts[scenario.workload.ranks[0]].vlan) continue;
    throw std::runtime_error(fmt::format(
        "cannot simulate the ranks on {} and {}: they are in different VLANs, allowed: all in one",
        topology.hosts[scenario.workload.ranks[0]].name, topology.hosts[host].name));
  }
  return scenario;
}

std::unique_ptr<SimulatedWorkload> workload_of(const Scenario& scenario, const wide::Network& network) {
  if (scenario.flows.list.empty()) return std::make_unique<CollectiveRun>(scenario, network);
  return std::make_unique<FlowRun>(scenario, network);
}

// Room for a whole window of each host's one busy connection, where memory allows.
Bytes host_queue(const Scenario& scenario) {
  constexpr Bytes kMost{std::uint64_t{64} << 20};
  return std::min(tcp_window(scenario), kMost);
}

}  // namespace

Simulation::World::World(std::uint64_t seed) {
  wide::use_picoseconds();
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(seed);
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId(ns3::PriorityQueueScheduler::GetTypeId());
  ns3::Simulator::SetScheduler(scheduler);
}

Simulation::World::~World() {
  ns3::Simulator::Destroy();
}

Simulation::Simulation(const Scenario& scenario, const std::filesystem::path& shipped_hooks,
                       const Report& report, const std::function<bool()>& interrupted)
    : scenario_(possible(scenario)),
      report_(report),
      interrupted_(interrupted),
      world_(scenario.seed),
      network_((set_up_tcp(scenario), with_background_hosts(scenario)), scenario.seed, host_queue(scenario)),
      hooks_(scenario, network_, shipped_hooks),
      background_(scenario, network_),
      workload_(workload_of(scenario, network_)) {}

void Simulation::run(SimulatedRecorder& recorder) {
  every(kSampleInterval, [&recorder] {
    recorder.sample();
    return true;
  });
  every(kLookInterval, [this, &recorder] {
    recorder.take_decisions();
    look();
    return true;
  });
  workload_->start();
  background_.start();
  ns3::Simulator::Run();
  settle(recorder);
  recorder.sample();
}

void Simulation::look() {
  if (workload_->over()) return ns3::Simulator::Stop();
  if (workload_->moves() != moves_) moves_ = workload_->moves(), moved_at_ = simulated();
  if (simulated() - moved_at_ > kPatience) {
    workload_->give_up(fmt::format("nothing moved for {:.0f} s of simulated time", kPatience.to_seconds()));
  }
  if (interrupted_()) {
    workload_->give_up(fmt::format("interrupted at {:.6f} s of simulated time", simulated().to_seconds()));
  }
  tell();
  if (workload_->over()) ns3::Simulator::Stop();
}

void Simulation::tell() {
  for (const std::string& line : workload_->take_news()) report_(line, Lasting::kLasting);
  const Clock::time_point now = Clock::now();
  if (now - told_at_ < std::chrono::milliseconds(500)) return;
  told_at_ = now;
  const double wall = std::chrono::duration<double>(now - began_).count();
  const double done = workload_->share_done();
  std::string left;
  if (done > 0) left = fmt::format(", about {:.0f} s left", wall * (1 - done) / done);
  report_(fmt::format("simulated {:.3f} s at {:.3f} s per s, {:.0f} % done{}", simulated().to_seconds(),
                      simulated().to_seconds() / wall, 100 * done, left),
          Lasting::kPassing);
}

// Until what is still on its way has come.
void Simulation::settle(SimulatedRecorder& recorder) {
  background_.stop();
  const Duration end = simulated() + kSettle;
  while (on_its_way() && simulated() < end) {
    ns3::Simulator::Stop(ns3_time(kLookInterval));
    ns3::Simulator::Run();
    recorder.take_decisions();
  }
}

bool Simulation::on_its_way() const {
  for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
    for (const Direction d : {kForward, kReverse}) {
      if (network_.device(l, d).packets_kept() > 0) return true;
    }
  }
  return false;
}

void Simulation::fill(results::RunRecord& record) const {
  record.elapsed_s = simulated().to_seconds();
  workload_->fill(record);
  background_.fill(record);
  for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
    const topology::Link& link = scenario_.topology.links[l];
    for (const Direction d : {kForward, kReverse}) {
      results::DirectionResult direction;
      direction.link = link.name;
      direction.from = scenario_.topology.sites[link.between[d]].name;
      direction.to = scenario_.topology.sites[link.between[1 - d]].name;
      direction.counters = network_.device(l, d).counters();
      direction.classes = link.directions[d].queues.classes.size();
      direction.hooks = hooks_.results(l, d);
      record.directions.push_back(std::move(direction));
    }
  }
}

LostElsewhere Simulation::lost() const {
  LostElsewhere lost{network_.lost(), 0};
  const std::size_t hosts = scenario_.topology.hosts.size() + 2 * scenario_.background.size();
  for (std::size_t h = 0; h < hosts; ++h)
    lost.at_hosts += network_.cable(h).counters().dropped_in_all().frames;
  return lost;
}

}  // namespace longhaul::scenario
