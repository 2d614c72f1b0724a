// SPDX-License-Identifier: GPL-2.0-only
//
// What `longhaul run` and `longhaul up` share, and the modes of `run`: each exists only where what it needs
// was built in.
#pragma once

#include "results/comparison.h"
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

struct BothOutcome {
  results::Comparison runs;
  std::filesystem::path directory;     // emulate/, simulate/ and comparison.json are in it
  std::vector<std::string> unwritten;  // of both runs, and comparison.json: a line each
};
// Emulates, then simulates. An interrupt of the first ends it with Interrupted and leaves nothing behind; of
// the second, what there is by then is kept.
BothOutcome run_both(const Scenario& scenario, const Invocation& invocation, const RunOptions& options,
                     const Report& report);

}  // namespace longhaul::scenario
