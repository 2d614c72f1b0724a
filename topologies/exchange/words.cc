// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "topologies/config_error.h"
#include "topologies/data_file.h"
#include "topologies/quantity.h"
#include "topologies/raw_yaml.h"

namespace longhaul::topology {

Words::Words(std::string_view text, std::string file) : file_(std::move(file)) {
  for_each_word(text, [&](std::string_view word, std::size_t line) { words_.push_back({word, line}); });
}

std::size_t Words::on_this_line() const {
  std::size_t end = at_;
  while (end < words_.size() && words_[end].line == words_[at_].line) ++end;
  return end - at_;
}

std::size_t Words::lines_left() const {
  std::size_t lines = 0;
  for (std::size_t i = at_; i < words_.size(); ++i) {
    if (i == 0 || words_[i].line != words_[i - 1].line) ++lines;
  }
  return lines;
}

std::string_view Words::next(std::string_view what) {
  if (at_ == words_.size()) fail(what, "missing: the file ends here");
  return words_[at_++].text;
}

std::uint64_t Words::number(std::string_view what, std::uint64_t most) {
  const std::uint64_t value = read(what, parse_integer);
  if (value > most) fail(what, fmt::format("{} is too large, allowed: 0 to {}", value, most));
  return value;
}

void Words::fail(std::string_view what, std::string_view message) const {
  const std::size_t line = words_.empty() ? 1 : words_[at_ == 0 ? 0 : at_ - 1].line;
  throw error_at(file_, {static_cast<int>(line), {}}, what, one_line(message));
}

}  // namespace longhaul::topology
