// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/great_circle.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longhaul::topology {

double great_circle_km(Coordinates a, Coordinates b) {
  constexpr double kMeanRadiusKm = 6371.0088;
  const auto half_chord = [](double degrees) {  // sin^2 of half the angle
    const double s = std::sin(degrees * std::numbers::pi / 360);
    return s * s;
  };
  const auto cosine = [](double degrees) { return std::cos(degrees * std::numbers::pi / 180); };
  const double h = half_chord(b.latitude - a.latitude) +
                   cosine(a.latitude) * cosine(b.latitude) * half_chord(b.longitude - a.longitude);
  return 2 * kMeanRadiusKm * std::asin(std::sqrt(std::clamp(h, 0.0, 1.0)));
}

}  // namespace longhaul::topology
