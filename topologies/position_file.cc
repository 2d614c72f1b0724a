// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/position_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "topologies/bounds.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kHeader = "time_s,link,from,to,what,cause,stage,wave,position,bytes";
constexpr std::size_t kColumns = 10;
enum Column : std::size_t { kLink = 1, kFrom = 2, kWhat = 4, kStage = 6, kWave = 7, kPosition = 8 };
using Row = std::array<std::string_view, kColumns>;

std::uint64_t parse_count(std::string_view text, std::size_t line) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ptr != text.data() + text.size() || result.ec != std::errc{} ||
      value > limits::kMostFrames) {
    throw LineError(line, fmt::format("{} is not valid, allowed: a whole number from 0 to {}",
                                      in_quotes(text), limits::kMostFrames));
  }
  return value;
}

void check_number_of(const std::vector<std::uint64_t>& positions, std::size_t line) {
  if (positions.size() > limits::kMostPositions) {
    throw LineError(line, fmt::format("more than {} positions", limits::kMostPositions));
  }
}

Row split(std::string_view line, std::size_t number) {
  Row row;
  const auto commas = static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
  if (commas + 1 != kColumns) {
    throw LineError(number, fmt::format("has {} columns, allowed: {}", commas + 1, kColumns));
  }
  for (std::string_view& cell : row) {
    cell = line.substr(0, line.find(','));
    line.remove_prefix(std::min(cell.size() + 1, line.size()));
  }
  return row;
}

// Holds a row against what the filter asks, or against the rows before where it asks nothing.
class Selection {
 public:
  explicit Selection(const DecisionFilter& filter) : filter_(filter) {}

  bool takes(const Row& row, std::uint64_t wave, std::size_t line) {
    if (filter_.link && row[kLink] != *filter_.link) return false;
    if (filter_.from && row[kFrom] != *filter_.from) return false;
    if (filter_.wave && wave != *filter_.wave) return false;
    if (!first_) first_ = First{std::string(row[kLink]), std::string(row[kFrom]), wave};
    const auto other = [&](std::string_view key, std::string_view a, std::string_view b) {
      throw LineError(line, fmt::format("is of another {} than the rows before ({}, {}), allowed: choose one "
                                        "with {}:",
                                        key == "from" ? "direction" : key, in_quotes(a), in_quotes(b), key));
    };
    if (first_->link != row[kLink]) other("link", first_->link, row[kLink]);
    if (first_->from != row[kFrom]) other("from", first_->from, row[kFrom]);
    if (first_->wave != wave) other("wave", std::to_string(first_->wave), row[kWave]);
    return true;
  }

 private:
  struct First {
    std::string link, from;
    std::uint64_t wave = 0;
  };
  const DecisionFilter& filter_;
  std::optional<First> first_;
};

}  // namespace

bool is_decisions(std::string_view text) {
  return text.starts_with("time_s,link,");
}

std::vector<std::uint64_t> parse_positions(std::string_view text) {
  std::vector<std::uint64_t> positions;
  for_each_word(text, [&](std::string_view word, std::size_t line) {
    const std::uint64_t position = parse_count(word, line);
    if (!positions.empty() && position <= positions.back()) {
      throw LineError(line, fmt::format("{} does not follow {}, allowed: positions in ascending order",
                                        position, positions.back()));
    }
    positions.push_back(position);
    check_number_of(positions, line);
  });
  return positions;
}

std::vector<std::uint64_t> parse_decisions(std::string_view csv, const DecisionFilter& filter) {
  if (csv.empty() || take_line(csv) != kHeader) {
    throw LineError(1, fmt::format("is not the header of a decisions.csv, allowed: {}", kHeader));
  }
  std::vector<std::uint64_t> positions;
  Selection selection(filter);
  for (std::size_t number = 2; !csv.empty(); ++number) {
    const std::string_view line = take_line(csv);
    if (line.empty()) continue;
    const Row row = split(line, number);
    if (row[kStage] != "line" || row[kWhat] != "dropped") continue;
    if (!selection.takes(row, parse_count(row[kWave], number), number)) continue;
    positions.push_back(parse_count(row[kPosition], number));
    check_number_of(positions, number);
  }
  if (positions.empty()) throw LineError(1, "has no row that matches with stage line and what dropped");
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

}  // namespace longhaul::topology
