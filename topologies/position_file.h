// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of frame positions (core::loss::Positions) as text: numbers that ascend, or the decisions.csv of a
// run, of which what the line lost counts. `#` begins a comment. Every failure is a LineError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/data_file.h"

namespace longhaul::topology {

// Which rows of a decisions.csv count; what is not given must be the same in all rows.
struct DecisionFilter {
  std::optional<std::string> link = {};
  std::optional<std::string> from = {};  // the site that the frames came from
  std::optional<std::uint64_t> wave = {};
};

// Whether `text` is a decisions.csv.
bool is_decisions(std::string_view text);

// The numbers of a text, in any number of lines.
std::vector<std::uint64_t> parse_positions(std::string_view text);

// The positions of the frames that the line lost, ascending.
std::vector<std::uint64_t> parse_decisions(std::string_view csv, const DecisionFilter& filter);

}  // namespace longhaul::topology
