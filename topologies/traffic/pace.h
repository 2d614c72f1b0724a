// SPDX-License-Identifier: GPL-2.0-only
//
// A clock that a process of arrivals runs by: it goes as fast as a profile says, and stands still while an
// on-off source is off. A process draws its next gap at a factor of 1, and the pace says at which instant so
// much has passed; so a change of the factor is met exactly, within a gap too. Moves forward only; exact to a
// picosecond over any time, because what is below one is carried on. Single owner, no allocation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "emulator/core/random.h"
#include "topologies/traffic/source_config.h"

namespace longhaul::traffic {

class Pace {
 public:
  // Begins at config.start and ends at config.stop. `phases` gives the times of an on-off source.
  Pace(const SourceConfig& config, core::RandomStream phases);

  // The instant at which `work`, in picoseconds at a factor of 1, has passed from the last one on; never()
  // when that is not before the stop.
  Instant advance(double work) {
    const double takes = level_.scale > 0 ? work / level_.scale + rest_ : 0;
    if (level_.scale > 0 && takes < static_cast<double>((level_.until - at_).ps())) return move(takes);
    return advance_over_levels(work);
  }

  // What passes from the last instant up to `to`, in picoseconds at a factor of 1.
  double work_until(Instant to);

 private:
  Instant move(double takes) {
    const auto whole = static_cast<std::int64_t>(takes);
    rest_ = takes - static_cast<double>(whole);
    at_ = at_ + Duration::picoseconds(whole);
    return at_;
  }
  Instant advance_over_levels(double work);
  void enter(Instant at);
  Duration draw(Duration mean);

  Profile profile_;
  std::optional<OnOff> on_off_;
  core::RandomStream phases_;
  Instant stop_;
  Instant at_;
  double rest_ = 0;  // beyond at_, less than a picosecond
  Level level_;      // from at_ on
  bool on_ = true;
  Instant switches_ = Instant::never();
  std::uint64_t draws_ = 0;
};

}  // namespace longhaul::traffic
