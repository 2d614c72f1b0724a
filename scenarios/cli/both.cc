// SPDX-License-Identifier: GPL-2.0-only
//
// `longhaul run --mode both`: a scenario emulated, then simulated, in one process and one directory.
#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "results/atomic_file.h"
#include "results/run_directory.h"
#include "scenarios/cli/run_modes.h"
#include "scenarios/interrupt.h"
#include "scenarios/simulate/simulate.h"

namespace longhaul::scenario {

BothOutcome run_both(const Scenario& scenario, const Invocation& invocation, const RunOptions& options,
                     const Report& report) {
  results::RunDirectory directory(options.out, options.base, scenario.name);
  const auto below = [&](const char* name) {
    RunOptions part = options;
    part.out = directory.path() / name;
    return part;
  };
  const auto report_as = [&](const char* mode) {
    return [&report, mode](const std::string& line, Lasting lasting) {
      report(fmt::format("{}: {}", mode, line), lasting);
    };
  };
  BothOutcome outcome;
  outcome.runs.emulated = run_emulated(scenario, invocation, below("emulate"), report_as("emulate")).record;
  try {
    outcome.runs.simulated = simulate(scenario, below("simulate"), report_as("simulate"), interrupted).record;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}; the emulated run is kept in {}", error.what(), directory.keep().string()));
  }

  for (const results::RunRecord* record : {&outcome.runs.emulated, &outcome.runs.simulated}) {
    outcome.unwritten.insert(outcome.unwritten.end(), record->unwritten.begin(), record->unwritten.end());
  }
  try {
    results::write_whole_file(directory.path() / "comparison.json", results::comparison_json(outcome.runs));
  } catch (const std::runtime_error& error) {
    outcome.unwritten.push_back(error.what());
  }
  outcome.directory = directory.keep();
  return outcome;
}

}  // namespace longhaul::scenario
