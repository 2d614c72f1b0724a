// SPDX-License-Identifier: GPL-2.0-only
//
// One run of a scenario in emulate mode: testbed up, path probes, ranks, collectives, testbed down, verdict,
// files. Blocks; call it from the control thread. An interrupt ends it with Interrupted and leaves nothing
// behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "results/run_record.h"
#include "scenarios/model.h"

namespace longhaul::scenario {

struct RunOptions {
  std::filesystem::path base = "results/runs";  // the run's directory is made below it
  std::optional<std::filesystem::path> out;     // or it is exactly this one
  std::vector<unsigned> cpus;                   // of the data plane's lcores
  bool log_decisions = false;                   // into decisions.csv
  std::optional<std::uint16_t> metrics;         // the port for OpenMetrics; none: not served
  std::filesystem::path rank_program;           // longhaul-rank
  std::filesystem::path hooks;                  // the directory of those that are shipped
  std::vector<std::string> command_line;        // for the manifest
  std::string version, revision;
};

// Where a run tells how far it is. `passing`: only of interest until the next line.
enum class Lasting : std::uint8_t { kPassing, kLasting };
using Report = std::function<void(const std::string& line, Lasting lasting)>;

struct RunOutcome {
  results::RunRecord record;
  std::filesystem::path directory;  // empty when none of its files could be written
};

// Runs it. A workload that fails makes an INVALID record; what keeps the testbed from standing throws
// std::runtime_error. A file that cannot be written once the run has begun is left out whole, and named in
// the record's `unwritten`.
RunOutcome run(const Scenario& scenario, const RunOptions& options, const Report& report);

}  // namespace longhaul::scenario
