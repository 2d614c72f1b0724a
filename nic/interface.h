// SPDX-License-Identifier: GPL-2.0-only
//
// Settings and counters of network interfaces through ioctl(SIOCETHTOOL) and /proc: what `ethtool -K`, `-L`
// and `-S` do, without a process for each. Everything acts on the network namespace of the calling thread. It
// does not create interfaces. Names are at most 15 characters.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace longhaul::nic {

enum class Offload : std::uint8_t {
  kTxChecksum,
  kTcpSegmentation,
  kGenericSegmentation,
  kGenericReceive,
  kTxVlan,
};

// Turns an offload off, as `ethtool -K NAME tx|tso|gso|gro|txvlan off`, and what needs it with it; throws
// when it stays on.
void turn_off(const std::string& interface, Offload offload);

// One receive and one transmit queue, as `ethtool -L NAME rx 1 tx 1`; nothing when it has no channels to set.
void use_one_queue(const std::string& interface);

// Keeps IPv6 off the interface, so that it sends nothing of its own accord; nothing when the kernel has no
// IPv6.
void disable_ipv6(const std::string& interface);

// Frames as the kernel counts them for one interface since it was made.
struct InterfaceCounters {
  std::uint64_t rx_packets = 0, tx_packets = 0;
  std::uint64_t rx_dropped = 0, tx_dropped = 0;
  std::uint64_t rx_errors = 0, tx_errors = 0;
  // The driver's own loss counters by the driver's names; of veth rx_queue_N_drops (its ring to XDP was
  // full), rx_queue_N_xdp_drops, rx_queue_N_xdp_tx_errors and tx_queue_N_xdp_xmit_errors.
  std::vector<std::pair<std::string, std::uint64_t>> driver_losses;
};

InterfaceCounters read_interface_counters(const std::string& interface);

// Replaces the content of a file below /proc/sys or /sys; returns errno, 0 when it was taken.
int write_setting(const std::string& path, const std::string& value);

// The content of such a file without the newline; throws when it cannot be read.
std::string read_setting(const std::string& path);

}  // namespace longhaul::nic
