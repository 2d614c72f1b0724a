// SPDX-License-Identifier: GPL-2.0-only
//
// A small topology with background, run without ns-3 for so much virtual time, and what M/D/1 says of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "topologies/load.h"
#include "topologies/wide/shadow_network.h"

namespace longhaul::wide::testing {

// Sites a, b, c in a row, joined by the links ab and bc.
inline constexpr const char* kLink = "delay: 5 ms, rate: 10 Gbit/s, buffer: 5 ms";
inline topology::Topology row(const std::string& ab = kLink, const std::string& bc = kLink) {
  return topology::load_text(
      "name: x\nsites: { a: {}, b: {}, c: {} }\nhosts: { h: { site: b } }\nlinks:\n"
      "  ab: { between: [a, b], " +
          ab + " }\n  bc: { between: [b, c], " + bc + " }\n",
      "x.yaml");
}

// From a to b, at so much of the rate of 10 Gbit/s.
inline BitRate rate_at(double load) {
  const double full = 10e9 * 1'500 / 1'524;
  return BitRate::bits_per_second(static_cast<std::uint64_t>(load * full + 0.5));
}
inline traffic::Background background(traffic::Kind kind, std::string name = "b", std::size_t to = 1) {
  traffic::Background one;
  one.name = std::move(name);
  one.to = to;
  one.source.kind = std::move(kind);
  return one;
}

struct Model {
  Model(topology::Topology t, std::vector<traffic::Background> backgrounds, std::uint32_t k,
        std::uint32_t real_flows = 1)
      : topology(std::move(t)), network(topology, backgrounds, options(k, real_flows), board) {}

  void run(Duration time) {
    for (const Instant end = network.time() + time; network.time() < end;) network.tick();
  }
  // The same with a real load on a direction, L2, in frames of 1,500 B.
  void run(Duration time, std::size_t direction, BitRate real) {
    for (const Instant end = network.time() + time; network.time() < end;) {
      load.offered[0] += bytes_in(real, network.tick_length()).count();
      load.frames = load.offered[0] / 1'500;
      board.tell_load(direction, load);
      network.tick();
    }
  }
  ShadowDirection seen(std::size_t direction = 0) const {
    const ShadowDirection one = network.statistics().directions.at(direction);
    EXPECT_TRUE(one.counters.conserved());
    return one;
  }
  static ShadowOptions options(std::uint32_t k, std::uint32_t real_flows) {
    ShadowOptions options;
    options.slow_down = k;
    options.row = Duration::milliseconds(100);
    options.real_flows = real_flows;
    return options;
  }

  topology::Topology topology;
  dataplane::BackgroundBoard board{4};
  ShadowNetwork network;
  dataplane::RealLoad load;
};

// Mean wait in an M/D/1 queue of frames of 1,524 B on the wire at 10 Gbit/s (Pollaczek and Khinchine).
inline double md1_wait(double load) {
  return load / (2 * (1 - load)) * 1'524 * 8 / 10e9;
}

}  // namespace longhaul::wide::testing
