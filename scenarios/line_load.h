// SPDX-License-Identifier: GPL-2.0-only
//
// What a step of a collective, or all of it, puts on each line, and how long the line that is worst off needs
// for it; for those who predict (predict.h). Amounts are bytes, or anything else that adds up. Ranks are
// indices into the scenario's. Pure; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/model.h"

namespace longhaul::scenario {

const topology::Host& rank_host(const Scenario& scenario, std::size_t rank);
std::vector<topology::Hop> rank_way(const Scenario& scenario, std::size_t from, std::size_t to);
Duration rank_delay(const Scenario& scenario, std::size_t from, std::size_t to);  // propagation

// TCP's, in bytes per second, of one wave of a direction; and of a rank's own interface, infinite when its
// host has no rate.
double line_goodput(const topology::Topology& topology, std::size_t link, topology::Direction direction);
double host_goodput(const Scenario& scenario, std::size_t rank);

class LineLoad {
 public:
  // `scenario` outlives it.
  explicit LineLoad(const Scenario& scenario);

  // On the busiest of equal ways, when the flows between two ranks take them in turn; kept for the first of
  // them.
  struct OnLine {
    double amount = 0;
    std::uint64_t flows = 0, ways = 1;
    double most() const;
  };

  // Adds `amount` to the sender's interface and to every direction on the way between two ranks: one flow.
  void send(std::size_t from, std::size_t to, double amount);
  const OnLine& on(const topology::Hop& hop) const { return links_[hop.link][hop.direction]; }
  // Seconds until the line that is worst off has carried its load of bytes.
  double longest_transfer() const;

 private:
  const Scenario& scenario_;
  std::vector<std::array<OnLine, 2>> links_;  // by link and Direction
  std::vector<double> ranks_;                 // on the interface of each that sends
};

}  // namespace longhaul::scenario
