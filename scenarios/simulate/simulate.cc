// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/simulate.h"

#include <optional>
#include <utility>

#include "results/files.h"
#include "results/run_directory.h"
#include "results/time_text.h"
#include "scenarios/load.h"
#include "scenarios/simulate/link_traces.h"
#include "scenarios/simulate/recorder.h"
#include "scenarios/simulate/simulation.h"
#include "scenarios/simulate/verdict.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

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
  return record;
}

}  // namespace

RunOutcome simulate(const Scenario& scenario, const RunOptions& options, const Report& report,
                    const std::function<bool()>& interrupted) {
  results::RunRecord record = planned(scenario, options);
  Simulation simulation(scenario, options.hooks, report, interrupted);
  results::RunDirectory directory(options.out, options.base, scenario.name);
  SimulatedRecorder recorder(scenario, simulation.network(), directory.path(),
                             options.log_decisions ? Decisions::kLog : Decisions::kLeaveOut,
                             record.unwritten);
  LinkTraces traces(scenario, simulation.network(), directory.path() / "ns3", record.unwritten);
  simulation.run(recorder);
  recorder.close(record);
  traces.close();
  simulation.fill(record);
  results::judge_and_write(directory.path(), record, [&](const results::RunRecord& run) {
    return judge_simulated(run, simulation.failure(), simulation.lost());
  });
  return {std::move(record), directory.keep()};
}

}  // namespace longhaul::scenario
