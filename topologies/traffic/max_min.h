// SPDX-License-Identifier: GPL-2.0-only
//
// Max-min fair shares of links (Bertsekas and Gallager, Data Networks, 6.5.2), by progressive filling: all
// claims rise together, in proportion to their weights, until one has what it wants or a link of its way is
// full. A pure function; any unit of rate. O(claims x links) per link that fills up.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace longhaul::traffic {

struct Claim {
  std::vector<std::size_t> way;  // links, by index; none: it gets all that it wants
  double weight = 1;             // flows in it; above 0
  double wants = std::numeric_limits<double>::infinity();
};

// What each claim gets. Capacities are not negative.
std::vector<double> max_min(std::span<const double> capacities, std::span<const Claim> claims);

}  // namespace longhaul::traffic
