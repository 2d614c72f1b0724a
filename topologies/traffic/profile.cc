// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/profile.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longhaul::traffic {
namespace {

// Mean of 1 + depth sin over piece `n` of a period.
double sine_piece(double depth, std::int64_t n) {
  const double piece = 2 * std::numbers::pi / kSinePieces;
  const auto x = static_cast<double>(n) * piece;
  return 1 + depth * (std::cos(x) - std::cos(x + piece)) / piece;
}

}  // namespace

Level level_at(const Profile& profile, Instant at) {
  Level level;
  for (const Profile::Step& step : profile.steps) {
    if (at < Instant::at(step.at)) {
      level.until = Instant::at(step.at);
      break;
    }
    level.scale = step.scale;
  }
  if (profile.period <= Duration()) return level;
  const std::int64_t period = profile.period.ps(), turn = at.ps() / period;
  // The piece that `at` is in, by its exact bounds: a product of the period would not fit 64 bits.
  const auto bound = [&](std::int64_t n) {
    return turn * period + period / kSinePieces * n + period % kSinePieces * n / kSinePieces;
  };
  std::int64_t n = (at.ps() - turn * period) / std::max<std::int64_t>(period / kSinePieces + 1, 1);
  while (n + 1 < kSinePieces && bound(n + 1) <= at.ps()) ++n;
  level.scale *= sine_piece(profile.depth, n);
  level.until = std::min(level.until, Instant::at(Duration::picoseconds(bound(n + 1))));
  return level;
}

double peak_of(const Profile& profile) {
  double peak = profile.steps.empty() || profile.steps.front().at > Duration() ? 1 : 0;
  for (const Profile::Step& step : profile.steps) peak = std::max(peak, step.scale);
  return peak * (profile.period > Duration() ? 1 + profile.depth : 1);
}

}  // namespace longhaul::traffic
