// SPDX-License-Identifier: GPL-2.0-only
//
// Follows the samples of a data plane and the changes asked of it: rates over the last second, and the loss
// that each direction is set to, which samples do not tell. Keeps a second of totals and the changes still to
// come. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "emulator/core/units.h"
#include "emulator/dataplane/engine.h"
#include "scenarios/live_view.h"

namespace longhaul::scenario {

class LiveRecorder {
 public:
  // Of directions that are configured so.
  explicit LiveRecorder(const std::vector<dataplane::DirectionConfig>& directions);

  // A sample, later than those before.
  void add(const dataplane::Sample& sample);

  // Changes that begin to count at `begin`.
  void add(std::span<const dataplane::PlannedChange> changes, Instant begin);

  // Fills in rates, which stay 0 until there are two samples, and losses. `view` has as many directions,
  // ports and lcores as the samples.
  void fill(LiveView& view) const;

 private:
  struct Totals {  // of a direction
    core::Tally in, out;
    std::array<std::uint64_t, core::kDropCauses> dropped{};
    std::uint64_t hook_dropped = 0, marked = 0;
  };
  struct Moment {
    Instant at;
    std::vector<Totals> directions;
    std::vector<core::Tally> received, sent;  // by port
    std::vector<dataplane::LoopStatistics> loops;
  };
  struct Coming {
    Instant at;
    std::size_t direction;
    double loss;
  };

  static Moment moment_of(const dataplane::Sample& sample);

  void fill_direction(const Totals& was, const Totals& is, Duration time, LiveDirection& direction) const;

  std::vector<std::optional<double>> loss_;  // by direction
  std::deque<Coming> coming_;                // in the order in which they take effect
  std::deque<Moment>
      moments_;  // the last is the newest, the first at least a second older where there is one
};

}  // namespace longhaul::scenario
