// SPDX-License-Identifier: GPL-2.0-only
//
// A network as other tools write it, end systems and switches joined by cables, and what it becomes here,
// where a site has one switch and a host hangs on it without a cable of its own:
//   - a switch is a site;
//   - an end system with one cable, to a switch, that loses nothing and is at most kLongestCable long, is a
//     host at the switch's site; the cable's rate is the host's, its delay is left out;
//   - any other end system is a site with one host, as fast as its cables together, and its cables are links.
//     They cost kEndSystemCost, so that nothing passes through an end system where there is another way;
//   - a cable between switches is a link.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "topologies/exchange/draft.h"
#include "topologies/exchange/report.h"

namespace longhaul::topology {

struct Network {
  struct Node {
    std::string name;
    bool end_system = false;
  };
  struct Cable {
    std::size_t from = 0, to = 0;  // indices of nodes, not the same
    BitRate rate;
    Duration delay;
    double loss = 0;
  };
  std::vector<Node> nodes;
  std::vector<Cable> cables;
};

inline constexpr Duration kLongestCable = Duration::microseconds(10);  // 2 km: within a building
inline constexpr std::uint32_t kEndSystemCost = 1'000;

// Adds the network to `draft` and says in `report` what became of `nodes` and `links`, which were found
// already. Gives the name of each node's host, empty for switches.
std::vector<std::string> add_network(const Network& network, Draft& draft, Report& report);

}  // namespace longhaul::topology
