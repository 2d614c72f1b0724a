// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "nic/machine.h"
#include "nic/probe_path.h"
#include "results/background_csv.h"
#include "results/decision_csv.h"
#include "results/files.h"
#include "results/judge.h"
#include "results/link_csv.h"
#include "results/row_file.h"
#include "results/run_directory.h"
#include "results/time_text.h"
#include "scenarios/host_cpus.h"
#include "scenarios/interrupt.h"
#include "scenarios/live_control.h"
#include "scenarios/load.h"
#include "scenarios/predict.h"
#include "scenarios/probe_recorder.h"
#include "scenarios/ranks.h"
#include "scenarios/testbed.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

using Clock = std::chrono::steady_clock;

results::RunRecord planned(const Scenario& scenario, const RunOptions& options) {
  results::RunRecord record;
  record.name = scenario.name;
  record.version = options.version;
  record.revision = options.revision;
  record.command_line = options.command_line;
  record.seed = scenario.seed;
  record.scenario_yaml = effective_yaml(scenario);
  record.topology_yaml = topology::effective_yaml(scenario.topology);
  record.machine = nic::machine_facts();
  record.ranks = scenario.workload.ranks.size();
  record.algorithm = name(scenario.workload.algorithm);
  for (const Bytes size : scenario.workload.sizes) record.planned_sizes.push_back(size.count());
  record.warmup = scenario.workload.warmup;
  record.iterations = scenario.workload.iterations;
  return record;
}

// One probe for each pair of sites with ranks, between their first ranks; it also teaches the switches.
std::vector<results::PathProbe> probe(const Scenario& scenario, Testbed& testbed) {
  auto first_rank_at = [&](std::size_t site) {
    return *std::find_if(scenario.workload.ranks.begin(), scenario.workload.ranks.end(),
                         [&](std::size_t host) { return scenario.topology.hosts[host].site == site; });
  };
  std::vector<results::PathProbe> probes;
  for (const SitePair& pair : rank_round_trips(scenario)) {
    check_interrupt();
    const std::size_t from = first_rank_at(pair.from), to = first_rank_at(pair.to);
    nic::ProbePlan plan;
    plan.expected_rtt = pair.round_trip;
    const nic::PathRtt rtt = nic::probe_path(testbed.namespace_fd(from), host_address(to), plan);
    testbed.drain();
    probes.push_back({scenario.topology.hosts[from].name, scenario.topology.hosts[to].name,
                      pair.round_trip.to_seconds() * 1e3, rtt.min_ms, rtt.avg_ms, rtt.max_ms, rtt.sent,
                      rtt.received});
  }
  return probes;
}

// The names of a direction, by its index in a sample.
struct DirectionNames {
  std::string_view link, from, to;
};
DirectionNames names_of(const Scenario& scenario, std::size_t direction) {
  const topology::Link& link = scenario.topology.links[direction / 2];
  const std::size_t from = link.between[direction % 2], to = link.between[1 - direction % 2];
  return {link.name, scenario.topology.sites[from].name, scenario.topology.sites[to].name};
}

std::size_t class_count(const Scenario& scenario, std::size_t direction) {
  return scenario.topology.links[direction / 2].directions[direction % 2].queues.classes.size();
}

std::size_t most_classes(const Scenario& scenario) {
  std::size_t most = 1;
  for (std::size_t d = 0; d < 2 * scenario.topology.links.size(); ++d) {
    most = std::max(most, class_count(scenario, d));
  }
  return most;
}

void write_row(results::LinkCsv& csv, const Scenario& scenario, const dataplane::Sample& sample) {
  for (std::size_t d = 0; d < sample.directions.size(); ++d) {
    const DirectionNames names = names_of(scenario, d);
    core::LinkCounters counters = sample.directions[d].counters;
    counters.queue_peak_bytes = sample.directions[d].interval_peak_bytes;
    csv.write(sample.at.since_zero(), names.link, names.from, names.to, counters, class_count(scenario, d));
  }
}

void write_row(results::BackgroundCsv& csv, const Scenario& scenario, const std::vector<topology::Hop>& hops,
               const dataplane::Sample& sample) {
  for (const topology::Hop& hop : hops) {
    const std::size_t d = 2 * hop.link + hop.direction;
    const DirectionNames names = names_of(scenario, d);
    csv.write(sample.at.since_zero(), names.link, names.from, names.to,
              sample.directions[d].state.background);
  }
}

results::Bounds bounds_of(const Trust& trust) {
  return {trust.lateness_p99, trust.lateness_invalid, trust.shadow_age_p99, trust.shadow_age_invalid};
}

}  // namespace

RunOutcome run(const Scenario& scenario, const RunOptions& options, const Report& report) {
  const auto started = std::chrono::system_clock::now();
  const Clock::time_point clock_start = Clock::now();
  results::RunRecord record = planned(scenario, options);
  record.started_utc = results::iso8601_utc(started);

  results::RunDirectory directory(options.out, options.base, scenario.name);
  results::RowFile<results::LinkCsv> csv(record.unwritten, directory.path() / "links.csv",
                                         most_classes(scenario));
  const std::vector<topology::Hop> hops = traffic::hops_of(
      scenario.topology, Coupled(scenario.topology, scenario.background, scenario.coupling).shadowed);
  std::optional<results::RowFile<results::BackgroundCsv>> background;
  if (!hops.empty()) background.emplace(record.unwritten, directory.path() / "background.csv");
  std::optional<results::RowFile<results::DecisionCsv>> decisions;
  if (options.log_decisions) decisions.emplace(record.unwritten, directory.path() / "decisions.csv");
  std::string failure;
  {
    Testbed testbed(scenario.topology,
                    {scenario.name, scenario.seed, scenario.workload.congestion_control, options.cpus,
                     options.log_decisions, scenario.workload.ecn, options.hooks, scenario.background,
                     scenario.coupling, directory.path() / "ns3"});
    testbed.on_sample([&](const dataplane::Sample& sample) {
      csv.with([&](results::LinkCsv& file) { write_row(file, scenario, sample); });
      if (!background) return;
      background->with([&](results::BackgroundCsv& file) { write_row(file, scenario, hops, sample); });
    });
    testbed.on_decision([&](std::size_t direction, const core::Decision& decision) {
      const DirectionNames names = names_of(scenario, direction);
      decisions->with(
          [&](results::DecisionCsv& file) { file.write(names.link, names.from, names.to, decision); });
    });
    testbed.on_fault([&](const std::string& line) { report(line, Lasting::kLasting); });
    LiveControl live(testbed, options.version, options.metrics);
    record.machine.emplace_back("data_plane_cpus",
                                fmt::format("{}", fmt::join(testbed.data_plane_cpus(), ",")));
    record.machine.emplace_back("data_plane_memory", testbed.memory_kind());
    record.machine.emplace_back("data_plane_priority", testbed.boosted() ? "autogroup nice -19" : "ordinary");
    report(fmt::format("testbed up: {} hosts, {} links, data plane on CPU {}, {}",
                       scenario.topology.hosts.size(), scenario.topology.links.size(),
                       fmt::join(testbed.data_plane_cpus(), ","), testbed.memory_kind()),
           Lasting::kLasting);
    if (!live.metrics_url().empty()) report("metrics: " + live.metrics_url(), Lasting::kLasting);
    record.probes = probe(scenario, testbed);
    for (const results::PathProbe& p : record.probes) {
      report(fmt::format("path {} - {}: RTT {:.3f} ms, {:.3f} ms of it propagation", p.from, p.to, p.min_ms,
                         p.expected_ms),
             Lasting::kLasting);
    }
    ProbeRecorder host_probes(scenario, testbed);
    if (!host_probes.why_not().empty()) report(host_probes.why_not(), Lasting::kLasting);
    HostCpus host_cpus(testbed.other_cpus());
    const auto now_ns = [] { return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1); };
    auto answer = [&] {
      host_cpus.look(now_ns());
      live.turn(std::chrono::milliseconds(0));
      host_probes.poll();
    };
    RanksOutcome ranks = run_ranks(scenario, testbed, options.rank_program, report, answer);
    record.rank_processes = std::move(ranks.processes);
    record.collectives = std::move(ranks.results);
    host_cpus.end(now_ns());
    for (results::CollectiveResult& result : record.collectives)
      result.host_cpus_busy = host_cpus.busy(result.began_ns, result.ended_ns);
    failure = std::move(ranks.failure);
    check_interrupt();
    live.end();
    record.live_changes = live.changes();
    testbed.settle(Duration::seconds(2));
    testbed.fill(record);
    host_probes.fill(record, directory.path());
    if (decisions) {
      decisions->with([&](const results::DecisionCsv& file) {
        record.decisions = {file.rows(), testbed.decisions_lost()};
      });
    }
  }
  csv.with([](results::LinkCsv& file) { file.close(); });
  if (background) background->with([](results::BackgroundCsv& file) { file.close(); });
  if (decisions) decisions->with([](results::DecisionCsv& file) { file.close(); });
  record.elapsed_s = std::chrono::duration<double>(Clock::now() - clock_start).count();
  results::judge_and_write(directory.path(), record, [&](const results::RunRecord& run) {
    results::Judgement judgement = results::judge(run, bounds_of(scenario.trust));
    if (failure.empty()) return judgement;
    judgement.verdict = results::Verdict::kInvalid;
    judgement.reasons.insert(judgement.reasons.begin(), "the workload failed: " + failure);
    return judgement;
  });
  return {std::move(record), directory.keep()};
}

}  // namespace longhaul::scenario
