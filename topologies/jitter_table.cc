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
  constexpr std::string_view kSpace = " \t";
  std::vector<std::int16_t> table;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    line = line.substr(0, line.find('#'));
    for (auto at = line.find_first_not_of(kSpace); at != std::string_view::npos;
         at = line.find_first_not_of(kSpace)) {
      line.remove_prefix(at);
      const std::string_view word = line.substr(0, line.find_first_of(kSpace));
      table.push_back(parse_value(word, number));
      if (table.size() > limits::kMostTable) {
        throw LineError(number, fmt::format("more than {} values", limits::kMostTable));
      }
      line.remove_prefix(word.size());
    }
  }
  if (table.size() < limits::kLeastTable) {
    throw LineError(0, fmt::format("has {} values, allowed: {} to {}", table.size(), limits::kLeastTable,
                                   limits::kMostTable));
  }
  std::sort(table.begin(), table.end());
  return table;
}

}  // namespace longhaul::topology
