// SPDX-License-Identifier: GPL-2.0-only
//
// An Ethernet port of the data plane: its receive queues, its transmit queue and the packet pool that feeds
// it. What differs between drivers (buffer size, ring sizes, where losses hide) is settled here.
//
// Made and destroyed by the control thread, with EAL running; receive(), transmit() and allocate() belong to
// one lcore. A packet buffer may outlive the call that gave it for as long as a link holds the frame, and may
// be sent through another port than it came from; all are back before the port is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

struct rte_mbuf;
struct rte_mempool;

namespace longhaul::nic {

// The device for a network interface of this machine, veth above all: our own AF_XDP port, which takes every
// MTU and names every loss (docs/performance.md has it beside the others). `index` keeps names apart where a
// device needs one.
std::string device_for_interface(const std::string& interface, std::uint32_t mtu, unsigned index);

// The same with a driver of one's choice.
enum class InterfaceDriver : std::uint8_t { kXdp, kAfPacket, kAfXdp };  // our own AF_XDP port, or DPDK's two
std::string device_for_interface(const std::string& interface, std::uint32_t mtu, unsigned index,
                                 InterfaceDriver driver);

struct PortSpec {
  // `xdp,iface=NAME` is our own AF_XDP port, `xdp,iface=NAME,steer=TERM+TERM` one that leaves the kernel what
  // the filter (nic/xdp_steering.h) does not name; everything else is a DPDK device: a vdev
  // ("net_af_packet0,iface=eth1") or a PCI address.
  std::string device;
  std::uint32_t mtu = 1500;
  unsigned held = 0;  // frames that links may hold in this port's buffers, beyond those on its way in and out
  std::uint16_t rx_queues = 0;  // of a DPDK device; 0: what suits it, several for a network card
};

// Whether EAL has to be told of the device.
bool is_dpdk_device(const std::string& device);

// Packet memory that a port takes of EAL (EalConfig::memory_bytes), and beside it, in bytes.
std::uint64_t port_memory(const PortSpec& spec);
std::uint64_t port_memory_beside_eal(const PortSpec& spec);

struct PortStatistics {
  std::uint64_t rx_frames = 0, rx_bytes = 0, tx_frames = 0, tx_bytes = 0;  // as the driver counted
  std::vector<std::pair<std::string, std::uint64_t>> losses;  // by place; all zero in an honest run
  // Of a shared interface, frames by what the filter did with them: `taken TERM`, `passed REASON`. None lost.
  std::vector<std::pair<std::string, std::uint64_t>> steering = {};
  bool gone = false;  // the interface does not exist any more; nothing goes in or out
};

class Port {
 public:
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Frames that came in, of one receive queue; the caller owns them. Each call goes on to the next queue that
  // has some. Those of a flow come in order, as a flow stays in its queue (its IP fragments aside).
  virtual std::uint16_t receive(std::span<rte_mbuf*> burst) = 0;
  // Sends the first n of `burst` and returns n; those now belong to the driver, the rest still to the caller.
  virtual std::uint16_t transmit(std::span<rte_mbuf*> burst) = 0;
  // A buffer to send with, with room for the largest frame; nullptr when the pool is empty.
  virtual rte_mbuf* allocate() = 0;
  // Fills `empty` with such buffers; false, and nothing is taken, when there are too few.
  virtual bool allocate_bulk(std::span<rte_mbuf*> empty) = 0;

  virtual PortStatistics statistics() const = 0;

 protected:
  Port() = default;
};

// Opens a port; a DPDK device must be among EalConfig::devices. Throws std::runtime_error with the reason.
std::unique_ptr<Port> open_port(const PortSpec& spec);

}  // namespace longhaul::nic
