// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/max_min.h"

#include <algorithm>

namespace longhaul::traffic {

std::vector<double> max_min(std::span<const double> capacities, std::span<const Claim> claims) {
  std::vector<double> left(capacities.begin(), capacities.end());
  std::vector<double> got(claims.size(), 0);
  std::vector<bool> rising(claims.size(), true);
  std::vector<double> weight(left.size());
  for (;;) {
    std::fill(weight.begin(), weight.end(), 0);
    double rise = std::numeric_limits<double>::infinity();  // of each unit of weight
    bool any = false;
    for (std::size_t c = 0; c < claims.size(); ++c) {
      if (!rising[c]) continue;
      any = true;
      rise = std::min(rise, (claims[c].wants - got[c]) / claims[c].weight);
      for (const std::size_t link : claims[c].way) weight[link] += claims[c].weight;
    }
    if (!any) return got;
    std::size_t fills = left.size();
    for (std::size_t l = 0; l < left.size(); ++l) {
      if (weight[l] <= 0 || left[l] / weight[l] > rise) continue;
      rise = left[l] / weight[l];
      fills = l;
    }
    const bool for_ever = rise == std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < claims.size(); ++c) {
      if (!rising[c]) continue;
      got[c] += rise * claims[c].weight;
      for (const std::size_t link : claims[c].way) {
        left[link] = std::max(0.0, left[link] - rise * claims[c].weight);
        if (link == fills) rising[c] = false;
      }
      if (for_ever || got[c] >= claims[c].wants * (1 - 1e-12)) rising[c] = false;
    }
  }
}

}  // namespace longhaul::traffic
