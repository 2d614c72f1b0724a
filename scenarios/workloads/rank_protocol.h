// SPDX-License-Identifier: GPL-2.0-only
//
// What a rank tells its runner: one JSON object per line on the rank's standard output.
//
//   {"event":"ready"}                                            connected to all other ranks
//   {"event":"progress","size":N,"phase":"timed","iteration":I,"of":M}   I of M iterations of the phase are
//   over
//   {"event":"size","size":N,"start_ns":[..],"end_ns":[..],"wrong":W,"checked":K}   one size is complete
//   {"event":"done"}                                             all sizes are complete
//   {"event":"error","what":"..."}                               the rank gives up; it exits with status 1
//
// Sizes are bytes per rank; times are CLOCK_MONOTONIC in ns, which all ranks on one machine share. Pure: it
// formats and parses, and reads or writes no file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace longhaul::scenario {

enum class Phase : std::uint8_t { kWarmup, kTimed, kCheck };

// The phase's name in the protocol and in messages: "warmup", "timed", "check".
std::string_view name_of(Phase phase);

struct RankReady {};
struct RankProgress {
  std::uint64_t size_bytes = 0;
  Phase phase = Phase::kWarmup;
  std::uint32_t iteration = 0, of = 0;
};
struct RankSize {
  std::uint64_t size_bytes = 0;
  std::vector<std::int64_t> start_ns, end_ns;  // of each timed iteration
  std::uint64_t wrong = 0, checked = 0;        // elements, all checked iterations
};
struct RankDone {};
struct RankError {
  std::string what;
};
using RankReport = std::variant<RankReady, RankProgress, RankSize, RankDone, RankError>;

// The report as one line that ends in a newline; text that is not UTF-8 is replaced, newlines are escaped.
std::string to_line(const RankReport& report);

// The report in `line` (with or without its newline); std::runtime_error says what is wrong with any other
// line.
RankReport parse_report(std::string_view line);

}  // namespace longhaul::scenario
