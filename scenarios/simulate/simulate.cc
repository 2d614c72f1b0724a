// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/simulate.h"

#include <fmt/format.h>
#include <ns3/object-factory.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "results/files.h"
#include "results/link_csv.h"
#include "results/row_file.h"
#include "results/run_directory.h"
#include "results/time_text.h"
#include "scenarios/load.h"
#include "scenarios/simulate/collective_run.h"
#include "scenarios/simulate/tcp.h"
#include "scenarios/simulate/verdict.h"
#include "topologies/load.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {
namespace {

using Clock = std::chrono::steady_clock;
using topology::Direction;
using topology::kForward;
using topology::kReverse;

constexpr Duration kSampleInterval = Duration::milliseconds(10);  // as the data plane's
constexpr Duration kLookInterval = Duration::microseconds(100);
constexpr Duration kPatience = Duration::seconds(60);  // without a step that is over
constexpr Duration kSettle = Duration::seconds(2);

void refuse_what_cannot_be(const Scenario& scenario) {
  const topology::Topology& topology = scenario.topology;
  for (const topology::Link& link : topology.links) {
    for (const auto& hooks : link.hooks) {
      if (!hooks.empty()) {
        throw std::runtime_error(fmt::format(
            "cannot simulate link {}: it has a hook, and simulated links have none; leave it out, "
            "or run it with --mode emulate",
            link.name));
      }
    }
  }
  for (const std::size_t host : scenario.workload.ranks) {
    if (topology.hosts[host].vlan == topology.hosts[scenario.workload.ranks[0]].vlan) continue;
    throw std::runtime_error(fmt::format(
        "cannot simulate the ranks on {} and {}: they are in different VLANs, allowed: all in one",
        topology.hosts[scenario.workload.ranks[0]].name, topology.hosts[host].name));
  }
}

// Room for a whole window of each host's one busy connection, where memory allows.
Bytes host_queue(const Scenario& scenario) {
  constexpr Bytes kMost{std::uint64_t{64} << 20};
  return std::min(tcp_window(scenario), kMost);
}

// ns-3's world, gone with the scope.
struct World {
  explicit World(std::uint64_t seed) {
    wide::use_picoseconds();
    ns3::RngSeedManager::SetSeed(1);
    ns3::RngSeedManager::SetRun(seed);
    ns3::ObjectFactory scheduler;
    scheduler.SetTypeId(ns3::PriorityQueueScheduler::GetTypeId());
    ns3::Simulator::SetScheduler(scheduler);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { ns3::Simulator::Destroy(); }
};

Duration simulated() {
  return Duration::picoseconds(ns3::Simulator::Now().GetTimeStep());
}

ns3::Time ns3_time(Duration duration) {
  return ns3::TimeStep(static_cast<std::uint64_t>(duration.ps()));
}

// Calls `action` at every multiple of `interval` until it says that it is enough.
void every(Duration interval, std::function<bool()> action) {
  ns3::Simulator::Schedule(ns3_time(interval), [interval, action = std::move(action)]() mutable {
    if (action()) every(interval, std::move(action));
  });
}

class Simulation {
 public:
  Simulation(const Scenario& scenario, const Report& report, const std::function<bool()>& interrupted)
      : scenario_(scenario),
        report_(report),
        interrupted_(interrupted),
        world_(scenario.seed),
        network_((set_up_tcp(scenario), scenario.topology), scenario.seed, host_queue(scenario)),
        run_(scenario, network_) {}

  void run(results::RowFile<results::LinkCsv>& csv) {
    every(kSampleInterval, [this, &csv] {
      sample(csv);
      return true;
    });
    every(kLookInterval, [this] {
      look();
      return true;
    });
    run_.start();
    ns3::Simulator::Run();
    settle();
    sample(csv);
  }

  void fill(results::RunRecord& record) {
    record.elapsed_s = simulated().to_seconds();
    record.collectives = run_.results();
    for (const std::size_t host : scenario_.workload.ranks) {
      record.rank_processes.push_back(
          {scenario_.topology.hosts[host].name, 0,
           fmt::format("ns-3, Gloo's schedule over TCP ({})", scenario_.workload.congestion_control)});
    }
    for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
      const topology::Link& link = scenario_.topology.links[l];
      for (const Direction d : {kForward, kReverse}) {
        results::DirectionResult direction;
        direction.link = link.name;
        direction.from = scenario_.topology.sites[link.between[d]].name;
        direction.to = scenario_.topology.sites[link.between[1 - d]].name;
        direction.counters = network_.device(l, d).counters();
        direction.classes = link.directions[d].queues.classes.size();
        record.directions.push_back(std::move(direction));
      }
    }
  }
  const std::string& failure() const { return run_.failure(); }
  // Frames that went neither over a link nor were lost on one.
  LostElsewhere lost() const {
    LostElsewhere lost{network_.lost(), 0};
    for (std::size_t h = 0; h < scenario_.topology.hosts.size(); ++h)
      lost.at_hosts += network_.cable(h).counters().dropped_in_all().frames;
    return lost;
  }

 private:
  void look() {
    if (run_.moves() != moves_) moves_ = run_.moves(), moved_at_ = simulated();
    if (simulated() - moved_at_ > kPatience) {
      run_.give_up(fmt::format("nothing moved for {:.0f} s of simulated time", kPatience.to_seconds()));
    }
    if (interrupted_()) {
      run_.give_up(fmt::format("interrupted at {:.6f} s of simulated time", simulated().to_seconds()));
    }
    tell();
    if (run_.over()) ns3::Simulator::Stop();
  }

  void tell() {
    const CollectiveProgress progress = run_.progress();
    for (; sizes_told_ < progress.sizes_done; ++sizes_told_) {
      const results::CollectiveResult& result = run_.results()[sizes_told_];
      report_(fmt::format("{:>10} B  {:>12.1f} us", result.size_bytes, result.time_us), Lasting::kLasting);
    }
    const Clock::time_point now = Clock::now();
    if (now - told_at_ < std::chrono::milliseconds(500)) return;
    told_at_ = now;
    const double wall = std::chrono::duration<double>(now - began_).count();
    const double done = work_done(progress);
    std::string left;
    if (done > 0) left = fmt::format(", about {:.0f} s left", wall * (1 - done) / done);
    report_(fmt::format("simulated {:.3f} s at {:.3f} s per s, {:.0f} % done{}", simulated().to_seconds(),
                        simulated().to_seconds() / wall, 100 * done, left),
            Lasting::kPassing);
  }

  // By bytes: they take most of the time.
  double work_done(const CollectiveProgress& progress) const {
    const double iterations = scenario_.workload.warmup + scenario_.workload.iterations;
    double done = 0, all = 0;
    for (std::size_t i = 0; i < scenario_.workload.sizes.size(); ++i) {
      const auto size = static_cast<double>(scenario_.workload.sizes[i].count());
      all += size;
      if (i < progress.sizes_done) done += size;
      if (i == progress.sizes_done) done += size * progress.iterations_done / iterations;
    }
    return done / all;
  }

  void sample(results::RowFile<results::LinkCsv>& csv) {
    if (simulated() == sampled_at_) return;
    sampled_at_ = simulated();
    for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
      const topology::Link& link = scenario_.topology.links[l];
      for (const Direction d : {kForward, kReverse}) {
        wide::LinkDevice& device = network_.device(l, d);
        core::LinkCounters counters = device.counters();
        counters.queue_peak_bytes = device.take_interval_peak();
        csv.with([&](results::LinkCsv& file) {
          file.write(simulated(), link.name, scenario_.topology.sites[link.between[d]].name,
                     scenario_.topology.sites[link.between[1 - d]].name, counters,
                     link.directions[d].queues.classes.size());
        });
      }
    }
  }

  // Until what is still on its way has come.
  void settle() {
    const Duration end = simulated() + kSettle;
    const auto on_its_way = [this] {
      for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
        for (const Direction d : {kForward, kReverse}) {
          if (network_.device(l, d).packets_kept() > 0) return true;
        }
      }
      return false;
    };
    while (on_its_way() && simulated() < end) {
      ns3::Simulator::Stop(ns3_time(kSampleInterval));
      ns3::Simulator::Run();
    }
  }

  const Scenario& scenario_;
  const Report& report_;
  const std::function<bool()>& interrupted_;
  World world_;
  wide::Network network_;
  CollectiveRun run_;
  std::uint64_t moves_ = 0;
  Duration moved_at_, sampled_at_;
  std::size_t sizes_told_ = 0;
  Clock::time_point began_ = Clock::now(), told_at_ = began_;
};

results::RunRecord planned(const Scenario& scenario, const RunOptions& options) {
  results::RunRecord record;
  record.name = scenario.name;
  record.started_utc = results::iso8601_utc({});
  record.version = options.version;
  record.revision = options.revision;
  record.command_line = options.command_line;
  record.seed = scenario.seed;
  record.scenario_yaml = effective_yaml(scenario);
  record.topology_yaml = topology::effective_yaml(scenario.topology);
  record.machine = {{"mode", "simulate: ns-3 in virtual time"}};
  record.ranks = scenario.workload.ranks.size();
  record.algorithm = scenario.workload.algorithm == Algorithm::kRing ? "ring" : "halving-doubling";
  for (const Bytes size : scenario.workload.sizes) record.planned_sizes.push_back(size.count());
  record.warmup = scenario.workload.warmup;
  record.iterations = scenario.workload.iterations;
  return record;
}

std::size_t most_classes(const topology::Topology& topology) {
  std::size_t most = 1;
  for (const topology::Link& link : topology.links) {
    for (const core::LinkConfig& direction : link.directions)
      most = std::max(most, direction.queues.classes.size());
  }
  return most;
}

}  // namespace

RunOutcome simulate(const Scenario& scenario, const RunOptions& options, const Report& report,
                    const std::function<bool()>& interrupted) {
  refuse_what_cannot_be(scenario);
  results::RunRecord record = planned(scenario, options);
  Simulation simulation(scenario, report, interrupted);
  results::RunDirectory directory(options.out, options.base, scenario.name);
  results::RowFile<results::LinkCsv> csv(record.unwritten, directory.path() / "links.csv",
                                         most_classes(scenario.topology));
  simulation.run(csv);
  csv.with([](results::LinkCsv& file) { file.close(); });
  simulation.fill(record);
  const auto judge = [&] {
    record.judgement = judge_simulated(record, simulation.failure(), simulation.lost());
  };
  judge();
  try {
    results::write_files(directory.path(), record);
  } catch (const std::runtime_error& error) {
    record.unwritten.push_back(error.what());
    judge();
  }
  return {std::move(record), directory.keep()};
}

}  // namespace longhaul::scenario
