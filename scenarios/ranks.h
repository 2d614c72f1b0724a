// SPDX-License-Identifier: GPL-2.0-only
//
// The processes of an all-reduce: one longhaul-rank in each rank's host, watched until all are done or one
// fails.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "results/run_record.h"
#include "scenarios/model.h"
#include "scenarios/runner.h"
#include "scenarios/testbed.h"

namespace longhaul::scenario {

struct RanksOutcome {
  std::vector<results::RankResult> processes;      // by rank
  std::vector<results::CollectiveResult> results;  // of the sizes that all ranks completed, with predictions
  std::string failure;                             // one line; empty when all went well
};

// Starts the ranks on all CPUs but the data plane's, feeds `testbed.drain()` and `idle` while they work, and
// ends them. Their rendezvous is a directory of the testbed's state. Throws Interrupted, and
// std::runtime_error when a rank cannot be started.
RanksOutcome run_ranks(const Scenario& scenario, Testbed& testbed, const std::filesystem::path& rank_program,
                       const Report& report, const std::function<void()>& idle);

}  // namespace longhaul::scenario
