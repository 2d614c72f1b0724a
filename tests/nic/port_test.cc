// SPDX-License-Identifier: GPL-2.0-only
#include "nic/port.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace longhaul::nic {
namespace {

unsigned number_after(const std::string& text, const std::string& key) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(text, match, std::regex(key + "=([0-9]+)"))) << text;
  return match.empty() ? 0 : static_cast<unsigned>(std::stoul(match[1]));
}

TEST(DeviceForInterface, IsAfXdpWhereFramesFitItsBuffers) {
  EXPECT_EQ(device_for_interface("lh-a", 1500, 3), "net_af_xdp3,iface=lh-a,busy_budget=0");
  EXPECT_EQ(device_for_interface("lh-a", 1750, 0).substr(0, 10), "net_af_xdp");
  EXPECT_EQ(device_for_interface("lh-a", 1751, 0).substr(0, 13), "net_af_packet");
}

TEST(DeviceForInterface, GivesAfPacketSlotsThatHoldAFrameAndBlocksThatHoldSlots) {
  for (const std::uint32_t mtu : {1'751u, 4'200u, 8'000u, 9'000u}) {
    const std::string device = device_for_interface("lh-a", mtu, 0);
    const unsigned slot = number_after(device, "framesz"), block = number_after(device, "blocksz");
    EXPECT_GE(slot, mtu + 18 + 100) << "frame, VLAN tag and the kernel's header\n" << device;
    EXPECT_EQ(block % slot, 0u) << device;
    EXPECT_GE(number_after(device, "framecnt"), 1'000u) << device;
  }
}

TEST(PortMemory, GrowsWithTheMtu) {
  EXPECT_GT(port_memory(1500), 16'384u * 2'048);
  EXPECT_GT(port_memory(9000), port_memory(4000));
}

}  // namespace
}  // namespace longhaul::nic
