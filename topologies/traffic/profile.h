// SPDX-License-Identifier: GPL-2.0-only
//
// How traffic swells and ebbs: a factor over time, of steps, of a sine with the period of a day, or of both
// multiplied. Plain data and a pure function; times count from the start of the traffic's own time axis.
#pragma once

#include <vector>

#include "emulator/core/units.h"

namespace longhaul::traffic {

struct Profile {
  struct Step {
    Duration at;       // not negative; ascending
    double scale = 1;  // from then on; not negative
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps;  // 1 before the first
  Duration period;          // of the sine 1 + depth x sin(2 pi (t / period)); zero: none
  double depth = 0;         // 0..1

  bool operator==(const Profile&) const = default;
};

// A factor that holds until an instant.
struct Level {
  double scale = 1;
  Instant until = Instant::never();
};

// What holds from `at` on. A sine is given in kSinePieces a period, each at its mean.
inline constexpr int kSinePieces = 256;
Level level_at(const Profile& profile, Instant at);

// The most that it ever is.
double peak_of(const Profile& profile);

}  // namespace longhaul::traffic
