// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/trace_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::uint64_t kPsInSecond = 1'000'000'000'000;
constexpr std::string_view kColumnsAllowed = "time_s first, then rate_bps, delay_s, loss, buffer_bytes";
enum Column : std::size_t { kTime, kRate, kDelay, kLoss, kBuffer, kColumns };
constexpr std::array<std::string_view, kColumns> kNames{"time_s", "rate_bps", "delay_s", "loss",
                                                        "buffer_bytes"};

std::string_view without_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_cell(std::string_view& line) {
  const std::string_view cell = line.substr(0, line.find(','));
  line.remove_prefix(std::min(cell.size() + 1, line.size()));
  return without_spaces(cell);
}

// The whole of `text` as a decimal times `scale`, exactly.
std::uint64_t parse_scaled(std::string_view text, std::uint64_t scale, std::uint64_t most,
                           std::string_view base) {
  std::string_view rest = text;
  const Decimal number = take_decimal(rest, text);
  if (!rest.empty()) throw QuantityError(in_quotes(text) + " is not a number of 0 or more, without unit");
  return scaled(number, scale, most, text, base);
}

Duration parse_seconds(std::string_view text, Duration most) {
  const auto limit = static_cast<std::uint64_t>(most.ps());
  try {
    return Duration::picoseconds(static_cast<std::int64_t>(parse_scaled(text, kPsInSecond, limit, "1 ps")));
  } catch (const QuantityError& e) {
    if (std::string_view(e.what()).ends_with("too large")) {
      throw QuantityError(fmt::format("{}, allowed: up to {}", e.what(), to_text(most)));
    }
    throw;
  }
}

BitRate parse_bps(std::string_view text) {
  const auto rate = BitRate::bits_per_second(parse_scaled(text, 1, limits::kMostRate.bps(), "1 bit/s"));
  if (rate != BitRate() && rate < limits::kLeastRate) {
    throw QuantityError(fmt::format("{} is out of range, allowed: 0, or {} to {}", to_text(rate),
                                    to_text(limits::kLeastRate), to_text(limits::kMostRate)));
  }
  return rate;
}

void set(core::Trace::Row& row, std::size_t column, std::string_view cell) {
  switch (column) {
    case kTime:
      row.at = parse_seconds(cell, limits::kLongestTrace);
      break;
    case kRate:
      row.change.rate = parse_bps(cell);
      break;
    case kDelay:
      row.change.delay = parse_seconds(cell, limits::kLongestDelay);
      break;
    case kLoss:
      row.change.loss = parse_probability(cell);
      break;
    default:
      row.change.buffer = Bytes(parse_scaled(cell, 1, limits::kLargestBuffer.count(), "1 B"));
  }
}

std::vector<std::size_t> parse_header(std::string_view line, std::size_t number) {
  std::vector<std::size_t> columns;
  while (!line.empty()) {
    const std::string_view cell = take_cell(line);
    const auto found = std::find(kNames.begin(), kNames.end(), cell);
    const auto column = static_cast<std::size_t>(found - kNames.begin());
    if (found == kNames.end()) {
      throw LineError(number,
                      fmt::format("{} is not a column, allowed: {}", in_quotes(cell), kColumnsAllowed));
    }
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      throw LineError(number, fmt::format("column {} is there twice", cell));
    }
    columns.push_back(column);
  }
  if (columns.size() < 2 || columns.front() != kTime) {
    throw LineError(number, fmt::format("is not a header, allowed: {}", kColumnsAllowed));
  }
  return columns;
}

core::Trace::Row parse_row(std::string_view line, const std::vector<std::size_t>& columns,
                           std::size_t number) {
  const auto cells = static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
  if (cells != columns.size()) {
    throw LineError(number, fmt::format("has {} cells, allowed: {}, as the header", cells, columns.size()));
  }
  core::Trace::Row row;
  for (const std::size_t column : columns) {
    const std::string_view cell = take_cell(line);
    if (cell.empty() && column != kTime) continue;
    try {
      set(row, column, cell);
    } catch (const QuantityError& e) {
      throw LineError(number, fmt::format("{}: {}", kNames[column], e.what()));
    }
  }
  return row;
}

void check_number_of(const core::Trace& trace, std::size_t line) {
  if (trace.rows.size() > limits::kMostTraceRows) {
    throw LineError(line, fmt::format("more than {} rows", limits::kMostTraceRows));
  }
}

std::uint64_t parse_millisecond(std::string_view word, std::size_t number) {
  const auto most = static_cast<std::uint64_t>(limits::kLongestTrace.ps() / 1'000'000'000);
  std::uint64_t ms = 0;
  const auto result = std::from_chars(word.data(), word.data() + word.size(), ms);
  if (result.ptr != word.data() + word.size() || result.ec != std::errc{} || ms > most) {
    throw LineError(
        number, fmt::format("{} is not valid, allowed: whole milliseconds up to {}", in_quotes(word), most));
  }
  return ms;
}

// A time of `scale` parts of a second as decimal seconds, all digits written out.
std::string in_seconds(Duration time) {
  const auto ps = static_cast<std::uint64_t>(time.ps());
  std::string text = std::to_string(ps / kPsInSecond);
  if (ps % kPsInSecond == 0) return text;
  text += fmt::format(".{:012}", ps % kPsInSecond);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace

core::Trace parse_trace_csv(std::string_view text) {
  core::Trace trace;
  std::vector<std::size_t> columns;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = without_spaces(take_line(text));
    if (line.empty() || line.front() == '#') continue;
    if (columns.empty()) {
      columns = parse_header(line, number);
      continue;
    }
    core::Trace::Row row = parse_row(line, columns, number);
    if (!trace.rows.empty() && row.at <= trace.rows.back().at) {
      throw LineError(number, fmt::format("time_s: {} does not follow {}, allowed: strictly ascending",
                                          in_seconds(row.at), in_seconds(trace.rows.back().at)));
    }
    trace.rows.push_back(row);
    check_number_of(trace, number);
  }
  if (trace.rows.empty()) throw LineError(0, fmt::format("has no rows, allowed: {}", kColumnsAllowed));
  return trace;
}

core::Trace parse_mahimahi(std::string_view text) {
  constexpr std::uint64_t kBitsPerSecond =
      std::uint64_t{1'504} * 8 * 1'000;  // of one packet in one millisecond
  core::Trace trace;
  std::uint64_t bin = 0, count = 0, last = 0;  // the millisecond that begins at bin, and what it carries
  std::size_t number = 1;
  const auto add = [&](std::uint64_t ms, std::uint64_t packets) {
    const auto rate = BitRate::bits_per_second(packets * kBitsPerSecond);
    if (!trace.rows.empty() && trace.rows.back().change.rate == rate) return;
    trace.rows.push_back({Duration::milliseconds(static_cast<std::int64_t>(ms)), {.rate = rate}});
    check_number_of(trace, number);
  };
  const auto close = [&](std::uint64_t next) {  // what follows begins at `next`
    if (count > 0) add(bin, count);
    const std::uint64_t after = count > 0 ? bin + 1 : bin;
    if (next > after) add(after, 0);
  };
  for (; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    line = without_spaces(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::uint64_t ms = parse_millisecond(line, number);
    if (ms < last) {
      throw LineError(number, fmt::format("{} does not follow {}, allowed: ascending times", ms, last));
    }
    last = ms;
    const std::uint64_t its_bin = ms == 0 ? 0 : ms - 1;
    if (its_bin != bin) close(its_bin), bin = its_bin, count = 0;
    if (++count * kBitsPerSecond > limits::kMostRate.bps()) {
      throw LineError(number, fmt::format("more than {} within a millisecond", to_text(limits::kMostRate)));
    }
  }
  if (last == 0) throw LineError(0, "has no time above 0, allowed: whole milliseconds, one in each line");
  close(last);
  trace.period = Duration::milliseconds(static_cast<std::int64_t>(last));
  return trace;
}

std::string trace_csv(const core::Trace& trace, std::string_view separator) {
  std::array<bool, kColumns> used{true};
  for (const core::Trace::Row& row : trace.rows) {
    used[kRate] |= row.change.rate.has_value();
    used[kDelay] |= row.change.delay.has_value();
    used[kLoss] |= row.change.loss.has_value();
    used[kBuffer] |= row.change.buffer.has_value();
  }
  if (std::count(used.begin(), used.end(), true) == 1) used[kRate] = true;  // a header has two columns
  std::string text;
  for (std::size_t c = 0; c < kColumns; ++c) {
    if (used[c]) fmt::format_to(std::back_inserter(text), "{}{}", c == kTime ? "" : ",", kNames[c]);
  }
  for (const core::Trace::Row& row : trace.rows) {
    const core::Change& change = row.change;
    fmt::format_to(std::back_inserter(text), "{}{}", separator, in_seconds(row.at));
    if (used[kRate]) text += change.rate ? "," + std::to_string(change.rate->bps()) : ",";
    if (used[kDelay]) text += change.delay ? "," + in_seconds(*change.delay) : ",";
    if (used[kLoss]) text += change.loss ? "," + to_text(*change.loss) : ",";
    if (used[kBuffer]) text += change.buffer ? "," + std::to_string(change.buffer->count()) : ",";
  }
  return text;
}

}  // namespace longhaul::topology
