// SPDX-License-Identifier: GPL-2.0-only
//
// An Ethernet port of the data plane: one receive and one transmit queue of a DPDK device and the packet pool
// that feeds it. Which driver is behind it is the device string's business; what differs between drivers
// (pool element size, ring sizes, where losses hide) is settled here.
//
// Made, started, stopped and destroyed by the control thread; receive() and transmit() belong to one lcore.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

struct rte_mbuf;
struct rte_mempool;

namespace longhaul::nic {

// The DPDK device for a network interface of this machine: AF_XDP where frames of `mtu` fit its buffers,
// AF_PACKET with large rings otherwise. `index` keeps the names apart.
std::string device_for_interface(const std::string& interface, std::uint32_t mtu, unsigned index);

// Packet memory that a port of this MTU takes.
std::uint64_t port_memory(std::uint32_t mtu);

struct PortStatistics {
  std::uint64_t rx_frames = 0, rx_bytes = 0, tx_frames = 0, tx_bytes = 0;  // as the driver counted
  std::vector<std::pair<std::string, std::uint64_t>> losses;  // by place; all zero in an honest run
};

class Port {
 public:
  // Opens device `index` of the EAL in the order of EalConfig::devices. Throws std::runtime_error on failure.
  Port(const std::string& device, std::uint32_t mtu);
  ~Port();
  Port(Port&& other) noexcept;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  Port& operator=(Port&&) = delete;

  // Frames that came in; the caller owns them.
  std::uint16_t receive(std::span<rte_mbuf*> burst);
  // Sends the first n of `burst` and returns n; those now belong to the driver, the rest still to the caller.
  std::uint16_t transmit(std::span<rte_mbuf*> burst);
  // A buffer to send with; nullptr when the pool is empty.
  rte_mbuf* allocate();

  PortStatistics statistics() const;

 private:
  std::string device_;
  std::uint16_t id_ = 0;
  rte_mempool* pool_ = nullptr;
};

}  // namespace longhaul::nic
