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

namespace longhaul::nic {

void check_one_queue(const std::string& interface) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(control.get(), SIOCETHTOOL, &request) != 0) {
    if (errno == EOPNOTSUPP) return;  // it has no channels to set
    throw std::runtime_error(
        fmt::format("cannot read how many queues {} has: {}", interface, std::strerror(errno)));
  }
  const unsigned queues = channels.combined_count + channels.rx_count;
  if (queues <= 1) return;
  throw std::runtime_error(
      fmt::format("{} has {} receive queues, and the port takes one: `ethtool -L {} {} 1` sets that",
                  interface, queues, interface, channels.combined_count > 0 ? "combined" : "rx"));
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
