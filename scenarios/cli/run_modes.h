// SPDX-License-Identifier: GPL-2.0-only
//
// What `longhaul run` and `longhaul up` share, and the modes of `run`: each exists only where what it needs
// was built in.
#pragma once

#include "scenarios/cli/command_line.h"
#include "scenarios/model.h"
#include "scenarios/runner.h"

namespace longhaul::scenario {

// --set, and where the data plane runs and is watched.
void add_common(boost::program_options::options_description& options);
std::uint64_t seed_of(const Invocation& invocation);

// `options` as far as they are the same in every mode. Refuse options of the command line that their mode
// does not have. A run that an interrupt ends is not finished: emulated by Interrupted, simulated with what
// there is.
RunOutcome run_emulated(const Scenario& scenario, const Invocation& invocation, RunOptions options,
                        const Report& report);
RunOutcome run_simulated(const Scenario& scenario, const Invocation& invocation, const RunOptions& options,
                         const Report& report);

}  // namespace longhaul::scenario
