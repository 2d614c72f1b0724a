// SPDX-License-Identifier: GPL-2.0-only
//
// Whatever bytes come in as a topology, as netem's words, as a data file or as the words of a live change: a
// value or an error of one line comes out, and what was read is written back to the same. The first letter of
// the input says which parser it is for.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/decimal.h"
#include "topologies/jitter_table.h"
#include "topologies/live_change.h"
#include "topologies/load.h"
#include "topologies/netem_words.h"
#include "topologies/position_file.h"
#include "topologies/trace_file.h"

namespace longhaul::topology {
namespace {

void need(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void check_message(std::string_view message) {
  need(!message.empty() && message.find('\n') == std::string_view::npos, "an error is one line");
}

void run_topology(std::string_view text) {
  try {
    const Topology topology = load_text(text, "f");
    need(load_text(effective_yaml(topology), "effective") == topology, "the effective form reads back");
  } catch (const ConfigError& e) {
    check_message(e.what());
    need(!std::string_view(e.what()).starts_with("effective"), "the effective form is read");
  }
}

void run_netem(std::string_view words) {
  try {
    const Netem netem = parse_netem(words, [](std::string_view) -> std::vector<std::int16_t> {
      return {-1, 0, 1};
    });
    need(!netem.keys.empty(), "netem's words say something");
  } catch (const QuantityError& e) {
    check_message(e.what());
  }
}

void run_trace(std::string_view text, core::Trace (*parse)(std::string_view)) {
  core::Trace trace = parse(text);
  need(!trace.rows.empty(), "a trace has rows");
  trace.period = Duration();
  need(parse_trace_csv(trace_csv(trace, "\n")) == trace, "a trace reads back");
}

void run_data(char kind, std::string_view text) {
  try {
    switch (kind) {
      case 'C':
        return run_trace(text, parse_trace_csv);
      case 'M':
        return run_trace(text, parse_mahimahi);
      case 'P':
        parse_positions(text);
        break;
      case 'D':
        parse_decisions(text, {});
        parse_decisions(text, {.link = "wan", .from = "a", .wave = 0});
        break;
      default:
        need(parse_jitter_table(text).size() >= 2, "a table has entries");
    }
  } catch (const LineError& e) {
    check_message(e.what());
  }
}

// Lines: set or event, the link, and a word each. What was reserved is kept to.
void run_live(std::string_view lines) {
  static const Topology topology = load_text(
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\nlinks: { wan: { between: [a, b], delay: "
      "5 ms, rate: 1 Gbit/s, waves: 2, far_end: { pfc: { classes: 0 } }, reserve: { delay: 20 ms } } }\n",
      "f");
  std::vector<std::string> words;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) words.push_back(line);
  if (words.size() < 2) return;
  const bool set = words[0] == "set";
  const std::string link = words[1];
  words.erase(words.begin(), words.begin() + 2);
  try {
    const auto changes = set ? read_live_set(topology, link, words) : read_live_event(topology, link, words);
    need(!changes.empty() && changes.size() <= kMostLiveChanges, "a number of changes");
    for (const LiveChange& one : changes) {
      need(one.after >= Duration(), "not before it is asked for");
      need(one.change.delay.value_or(Duration()) <= Duration::milliseconds(20), "a delay as reserved");
      need(one.change.rate.value_or(BitRate()) <= BitRate::gigabits_per_second(1), "a rate as reserved");
    }
  } catch (const ConfigError& e) {
    check_message(e.what());
  }
}

}  // namespace
}  // namespace longhaul::topology

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const char kind = text.empty() ? ' ' : text.front();
  const std::string_view rest = std::string_view(text).substr(text.empty() ? 0 : 1);
  if (kind == 'N') {
    longhaul::topology::run_netem(rest);
  } else if (kind == 'L') {
    longhaul::topology::run_live(rest);
  } else if (kind == 'C' || kind == 'M' || kind == 'P' || kind == 'D' || kind == 'J') {
    longhaul::topology::run_data(kind, rest);
  } else {
    longhaul::topology::run_topology(text);
  }
  return 0;
}
