// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_interface.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace longhaul::nic {
namespace {

// Asks the driver; false when it has no answer to this.
template <typename Question>
bool ask(const std::string& interface, Question& question, std::string_view what) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&question);
  if (::ioctl(control.get(), SIOCETHTOOL, &request) == 0) return true;
  if (errno == EOPNOTSUPP) return false;
  throw std::runtime_error(fmt::format("cannot read {} of {}: {}", what, interface, std::strerror(errno)));
}

}  // namespace

void check_one_queue(const std::string& interface) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ask(interface, channels, "the number of queues")) return;
  const unsigned queues = channels.combined_count + channels.rx_count;
  if (queues <= 1) return;
  throw std::runtime_error(
      fmt::format("{} has {} receive queues, and the port takes one: `ethtool -L {} {} 1` sets that",
                  interface, queues, interface, channels.combined_count > 0 ? "combined" : "rx"));
}

void check_tags_stay(const std::string& interface) {
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (ask(interface, driver, "the driver") && std::string_view(driver.driver) == "veth") return;
  ethtool_value flags{};
  flags.cmd = ETHTOOL_GFLAGS;
  if (!ask(interface, flags, "the offloads") || (flags.data & ETH_FLAG_RXVLAN) == 0) return;
  throw std::runtime_error(
      fmt::format("{} takes VLAN tags off before they can be read: `ethtool -K {} rxvlan off` stops that",
                  interface, interface));
}

UniqueFd make_promiscuous(const std::string& interface) {
  UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  packet_mreq wanted{};
  wanted.mr_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  wanted.mr_type = PACKET_MR_PROMISC;
  if (!socket || ::setsockopt(socket.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted) != 0)
    throw std::runtime_error(fmt::format("cannot make {} promiscuous: {}", interface, std::strerror(errno)));
  return socket;
}

}  // namespace longhaul::nic
