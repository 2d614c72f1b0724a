// SPDX-License-Identifier: GPL-2.0-only
#include "nic/port.h"

#include <gtest/gtest.h>

#include <regex>
#include <stdexcept>
#include <string>

namespace longhaul::nic {
namespace {

unsigned number_after(const std::string& text, const std::string& key) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(text, match, std::regex(key + "=([0-9]+)"))) << text;
  return match.empty() ? 0 : static_cast<unsigned>(std::stoul(match[1]));
}

TEST(DeviceForInterface, IsOurOwnPortAtEveryMtu) {
  for (const std::uint32_t mtu : {1'500u, 4'200u, 9'000u}) {
    EXPECT_EQ(device_for_interface("lh-a", mtu, 3), "xdp,iface=lh-a");
    EXPECT_EQ(device_for_interface("lh-a", mtu, 3, InterfaceDriver::kXdp), "xdp,iface=lh-a");
  }
}

TEST(DeviceForInterface, GivesDpdksAfXdpWhereFramesFitItsBuffers) {
  EXPECT_EQ(device_for_interface("lh-a", 1500, 3, InterfaceDriver::kAfXdp),
            "net_af_xdp3,iface=lh-a,busy_budget=0");
  EXPECT_NO_THROW(device_for_interface("lh-a", 1'750, 0, InterfaceDriver::kAfXdp));
  EXPECT_THROW(device_for_interface("lh-a", 1'751, 0, InterfaceDriver::kAfXdp), std::invalid_argument);
}

TEST(DeviceForInterface, GivesAfPacketSlotsThatHoldAFrameAndBlocksThatHoldSlots) {
  for (const std::uint32_t mtu : {1'500u, 1'751u, 4'200u, 8'000u, 9'000u}) {
    const std::string device = device_for_interface("lh-a", mtu, 0, InterfaceDriver::kAfPacket);
    const unsigned slot = number_after(device, "framesz"), block = number_after(device, "blocksz");
    EXPECT_GE(slot, mtu + 18 + 100) << "frame, VLAN tag and the kernel's header\n" << device;
    EXPECT_EQ(block % slot, 0u) << device;
    EXPECT_GE(number_after(device, "framecnt"), 1'000u) << device;
  }
}

TEST(IsDpdkDevice, IsAllButOurOwn) {
  EXPECT_FALSE(is_dpdk_device("xdp,iface=lh-a"));
  for (const std::string device : {"net_af_xdp0,iface=lh-a", "net_null0", "0000:3b:00.0"})
    EXPECT_TRUE(is_dpdk_device(device)) << device;
}

TEST(PortMemory, GrowsWithTheMtuAndWithWhatLinksHold) {
  for (const std::string device : {"net_null0", "xdp,iface=lh-a"}) {
    EXPECT_GE(port_memory({device, 1500}), 8'192u * 1'500) << device;
    EXPECT_GT(port_memory({device, 9000}), port_memory({device, 4000})) << device;
    EXPECT_GE(port_memory({device, 9000, 1'000}), port_memory({device, 9000}) + 9'000'000) << device;
  }
}

TEST(PortMemory, BesideEalIsThatOfOurOwnRings) {
  EXPECT_EQ(port_memory_beside_eal({"net_null0"}), 0u);
  EXPECT_GE(port_memory_beside_eal({"xdp,iface=lh-a"}), 8'192u * 4'096);
}

}  // namespace
}  // namespace longhaul::nic
