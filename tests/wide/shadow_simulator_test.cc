// SPDX-License-Identifier: GPL-2.0-only
//
// The shadow under ns-3's own clockless simulator does what its model does by itself.
#include <gtest/gtest.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include "tests/wide/shadow_model.h"
#include "tests/wide/simulation.h"
#include "topologies/wide/shadow.h"

namespace longhaul::wide {
namespace {

TEST(ShadowInNs3, GoesOnWithItsTime) {
  const testing::Simulation simulation;
  const topology::Topology topology = testing::row();
  const std::vector<traffic::Background> backgrounds{
      testing::background(traffic::Poisson{testing::rate_at(0.6)}, "p", 2)};
  ShadowOptions options;
  options.slow_down = 10;
  dataplane::BackgroundBoard board(4), other_board(4);
  Shadow shadow(topology, backgrounds, options, board);
  EXPECT_EQ(shadow.slow_down(), 10U);
  ns3::Simulator::Stop(ns3::MicroSeconds(50'050));
  ns3::Simulator::Run();

  ShadowNetwork model(topology, backgrounds, options, other_board);
  while (model.time() < Instant::at(Duration::milliseconds(50))) model.tick();
  EXPECT_EQ(shadow.statistics().intervals, 50U);
  EXPECT_EQ(shadow.statistics().frames, model.statistics().frames);
  for (const std::size_t direction : {0U, 2U}) {
    ASSERT_TRUE(board.read(direction));
    EXPECT_EQ(board.read(direction)->background, other_board.read(direction)->background);
    EXPECT_EQ(board.read(direction)->simulated, Instant::at(Duration::milliseconds(50)));
    EXPECT_EQ(board.read(direction)->generation, 50U);
  }
}

}  // namespace
}  // namespace longhaul::wide
