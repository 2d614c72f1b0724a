// SPDX-License-Identifier: GPL-2.0-only
//
// Changes of a running link in the words of files: those of `longhaul set` and `longhaul event`, read by the
// readers of a link's timeline and checked against what was reserved before the run, since buffers, delay
// lines and pools never grow while it lasts: core::most_of(). Times are relative to the moment of asking. Not
// here: bringing them to the link (scenarios/, emulator/dataplane). Pure functions, any thread; every failure
// is a ConfigError of one line that begins with the key, `links.wan.delay: `.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/core/timeline.h"
#include "emulator/core/units.h"
#include "topologies/model.h"

namespace longhaul::topology {

// One change of one direction, so long after the moment at which it is asked for.
struct LiveChange {
  std::size_t link = 0;
  Direction direction = kForward;
  Duration after;
  core::Change change;

  bool operator==(const LiveChange&) const = default;
};

inline constexpr std::size_t kMostLiveChanges = 64;

// `longhaul set LINK[:forward|:reverse] KEY=VALUE...`, all at once: one change of each direction meant. Keys:
// rate, delay, loss, buffer, up, blackhole. A buffer in bdp or as a time counts with what the direction is
// configured with, as in a timeline.
std::vector<LiveChange> read_live_set(const Topology& topology, std::string_view link,
                                      const std::vector<std::string>& words);

// `longhaul event LINK[:forward|:reverse] KIND=VALUE...`: an entry of a timeline without `at`, `after` and
// `direction`. What repeats is written out, in the order of time; more than kMostLiveChanges in both
// directions together, or what has no end, is refused. A plain number is enough for `burst`.
std::vector<LiveChange> read_live_event(const Topology& topology, std::string_view link,
                                        const std::vector<std::string>& words);

}  // namespace longhaul::topology
