// SPDX-License-Identifier: GPL-2.0-only
//
// A process of its own: ns-3's resolution is one per process, and here it stays the nanosecond.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

TEST(Resolution, DeviceRefusesNanoseconds) {
  topology::Link link;
  for (core::LinkConfig& direction : link.directions) {
    direction.rate = BitRate::gigabits_per_second(1);
    direction.buffer = Bytes(10'000);
  }
  const auto a = ns3::CreateObject<ns3::Node>(), b = ns3::CreateObject<ns3::Node>();
  try {
    connect(link, 0, 1'500, 1, {a, b});
    FAIL() << "made a device";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("not the picosecond"), std::string::npos) << error.what();
  }
  use_picoseconds();
  EXPECT_NO_THROW(connect(link, 0, 1'500, 1, {a, b}));
  EXPECT_THROW(connect(link, 0, 65'536, 1, {a, b}), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::wide
