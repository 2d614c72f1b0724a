// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include "topologies/bounds.h"
#include "topologies/link_values.h"
#include "topologies/load_line.h"
#include "topologies/quantity.h"
#include "topologies/trace_file.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kFileOrRows = "file, the name of a file, or rows, its lines with ; between them";

bool is_mahimahi(const YamlMap& map, std::string_view name) {
  if (const auto format = map.find("format")) return format->choice({"csv", "mahimahi"}) == 1;
  return !name.ends_with(".csv");
}

core::Trace read_rows(const YamlMap& map, bool& mahimahi) {
  const auto file = map.find("file");
  const auto rows = map.find("rows");
  if (file && rows && file->rank() == rows->rank()) {
    rows->fail_key("given beside file, allowed: one of the two");
  }
  if (file && (!rows || file->rank() > rows->rank())) {
    const std::string& name = file->text("the name of a file");
    mahimahi = is_mahimahi(map, name);
    return parse_file(*file, name, "trace", mahimahi ? parse_mahimahi : parse_trace_csv);
  }
  if (!rows) map.fail("file", fmt::format("missing, allowed: {}", kFileOrRows));
  mahimahi = map.find("format") && is_mahimahi(map, "");
  return parse_in_place(*rows, "lines of CSV with ; between them",
                        mahimahi ? parse_mahimahi : parse_trace_csv);
}

// When a trace begins again: as said, or when its last row, which changes nothing, says that it ends.
void set_period(const YamlMap& map, core::Trace& trace) {
  const Duration last = trace.rows.back().at;
  if (const auto period = map.find("period")) {
    trace.period = read_time(*period, Duration(), limits::kLongestTrace);
    if (trace.period <= last) {
      period->fail(fmt::format("{} is too short, allowed: more than the time of the last row, {}",
                               to_text(trace.period), to_text(last)));
    }
    return;
  }
  const auto repeat = map.find("repeat");
  if (trace.rows.size() > 1 && trace.rows.back().change == core::Change{}) {
    trace.period = last;
    trace.rows.pop_back();
  } else {
    repeat->fail("needs the time of the end, allowed: period: 10 s, or a last row with a time alone");
  }
}

// Without repetition nothing can be sent after the last time of a mahimahi trace.
void end_with_nothing(core::Trace& trace) {
  trace.rows.push_back({trace.period, {.rate = BitRate()}});
  trace.period = Duration();
}

}  // namespace

core::Trace read_trace(const YamlValue& value) {
  const YamlMap map = value.map({"file", "format", "rows", "repeat", "period", "from"});
  bool mahimahi = false;
  core::Trace trace = read_rows(map, mahimahi);
  const auto repeat = map.find("repeat");
  const auto period = map.find("period");
  if (mahimahi) {
    if (period) period->fail_key("only goes with format: csv, the last time of the file is the period");
    if (repeat && !read_flag(*repeat)) end_with_nothing(trace);
  } else if (repeat ? read_flag(*repeat) : period.has_value()) {
    set_period(map, trace);
  } else if (period) {
    period->fail_key("only goes with repeat: true");
  }
  if (const auto from = map.find("from")) {
    trace.origin =
        from->choice({"start", "first-frame"}) == 0 ? core::Origin::kStart : core::Origin::kFirstFrame;
  }
  return trace;
}

void check_trace(const YamlValue& at, Link& link, Direction direction, const Topology& topology) {
  for (const core::Trace::Row& row : link.directions[direction].timeline.trace.rows) {
    if (!row.change.buffer || *row.change.buffer >= topology.largest_frame()) continue;
    at.fail(fmt::format("the buffer of {} at {} is less than the largest frame, allowed: {} or more",
                        to_text(*row.change.buffer), to_text(row.at), to_text(topology.largest_frame())));
  }
}

}  // namespace longhaul::topology
