// SPDX-License-Identifier: GPL-2.0-only
//
// The rows that a simulation leaves as it goes: links.csv and, when asked for, decisions.csv. One thread.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/decision_csv.h"
#include "results/link_csv.h"
#include "results/row_file.h"
#include "results/run_record.h"
#include "scenarios/model.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

enum class Decisions : std::uint8_t { kLeaveOut, kLog };

class SimulatedRecorder {
 public:
  // Makes the files in `directory`; `unwritten` is told of those that cannot be written on. All references
  // outlive it, and it outlives the last frame of `network`.
  SimulatedRecorder(const Scenario& scenario, const wide::Network& network,
                    const std::filesystem::path& directory, Decisions decisions,
                    std::vector<std::string>& unwritten);

  // A row for each direction of a link, at most once at one time.
  void sample();
  // Writes down the decisions that were made since the last call; too late a call loses some.
  void take_decisions();
  // The end of both files. The number of decisions goes into `record`.
  void close(results::RunRecord& record);

 private:
  const Scenario& scenario_;
  const wide::Network& network_;
  results::RowFile<results::LinkCsv> links_;
  std::optional<results::RowFile<results::DecisionCsv>> decisions_;
  std::deque<core::DecisionLog> logs_;  // by direction
  Duration sampled_at_;
};

}  // namespace longhaul::scenario
