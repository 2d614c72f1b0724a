// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/jitter_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "topologies/bounds.h"

namespace longhaul::topology {
namespace {

std::int16_t parse_value(std::string_view text, std::size_t line) {
  std::int16_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ptr != text.data() + text.size() || result.ec != std::errc{}) {
    throw LineError(line, in_quotes(text) + " is not valid, allowed: a whole number from -32768 to 32767");
  }
  return value;
}

}  // namespace

std::vector<std::int16_t> parse_jitter_table(std::string_view text) {
  std::vector<std::int16_t> table;
  for_each_word(text, [&](std::string_view word, std::size_t line) {
    table.push_back(parse_value(word, line));
    if (table.size() > limits::kMostTable) {
      throw LineError(line, fmt::format("more than {} values", limits::kMostTable));
    }
  });
  if (table.size() < limits::kLeastTable) {
    throw LineError(0, fmt::format("has {} values, allowed: {} to {}", table.size(), limits::kLeastTable,
                                   limits::kMostTable));
  }
  std::sort(table.begin(), table.end());
  return table;
}

}  // namespace longhaul::topology
