// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/simulate.h"

#include <fmt/format.h>

#include "scenarios/cli/run_modes.h"
#include "scenarios/interrupt.h"

namespace longhaul::scenario {

RunOutcome run_simulated(const Scenario& scenario, const Invocation& invocation, const RunOptions& options,
                         const Report& report) {
  for (const char* option : {"lcores", "cpu", "metrics"}) {
    if (invocation.has(option))
      throw UsageError(
          fmt::format("--{} is about the data plane; leave it out with --mode simulate", option));
  }
  return simulate(scenario, options, report, interrupted);
}

}  // namespace longhaul::scenario
