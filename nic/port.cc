// SPDX-License-Identifier: GPL-2.0-only
#include "nic/port.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace longhaul::nic {
namespace {

constexpr std::uint16_t kRxDescriptors = 4'096;
constexpr std::uint16_t kTxDescriptors = 4'096;
constexpr unsigned kBuffers = 16'384;  // fill ring, receive ring, transmit ring and bursts in hand
constexpr std::uint32_t kLargestAfXdpMtu =
    1'750;  // 2,048 B chunk less 256 B of XDP headroom, with a VLAN tag

// AF_PACKET copies each frame from a slot of the ring, so a buffer must hold a whole slot.
std::uint32_t af_packet_slot(std::uint32_t mtu) {
  const std::uint32_t frame = mtu + 18 + 128;  // tpacket header and alignment
  return frame <= 2'048 ? 2'048 : frame <= 4'096 ? 4'096 : frame <= 8'192 ? 8'192 : 16'384;
}

std::uint16_t buffer_size(std::uint32_t mtu) {
  if (mtu <= kLargestAfXdpMtu) return RTE_MBUF_DEFAULT_BUF_SIZE;
  return static_cast<std::uint16_t>(af_packet_slot(mtu) + 128 + RTE_PKTMBUF_HEADROOM);
}

int check(int result, const std::string& device, const char* what) {
  if (result < 0) {
    throw std::runtime_error(fmt::format("port {}: cannot {}: {}", device, what, rte_strerror(-result)));
  }
  return result;
}

// As rte_pktmbuf_pool_create(), but packed without holes at page boundaries: DPDK's AF_XDP driver registers
// (elements x element size) bytes from the pool's start with the kernel, and every buffer beyond that is
// refused without a word. nullptr and rte_errno on failure.
rte_mempool* make_pool(const std::string& name, std::uint16_t buffer, int socket) {
  constexpr unsigned kCached = 256;
  rte_pktmbuf_pool_private shape{};
  shape.mbuf_data_room_size = buffer;
  rte_mempool* pool =
      rte_mempool_create_empty(name.c_str(), kBuffers, static_cast<unsigned>(sizeof(rte_mbuf)) + buffer,
                               kCached, sizeof shape, socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_init(pool, &shape);
  if (rte_mempool_populate_default(pool) < 0) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

std::string ethdev_name(const std::string& device) {
  return device.substr(0, device.find(','));
}

}  // namespace

std::string device_for_interface(const std::string& interface, std::uint32_t mtu, unsigned index) {
  // busy_budget=0: no syscall per poll; the loop sleeps when idle instead.
  if (mtu <= kLargestAfXdpMtu) return fmt::format("net_af_xdp{},iface={},busy_budget=0", index, interface);
  constexpr std::uint32_t kRingBytes = 16 * 1024 * 1024;  // each way; 130 ms at 1 Gbit/s
  const std::uint32_t slot = af_packet_slot(mtu);
  return fmt::format("net_af_packet{},iface={},blocksz=65536,framesz={},framecnt={},qdisc_bypass=1", index,
                     interface, slot, kRingBytes / slot);
}

std::uint64_t port_memory(std::uint32_t mtu) {
  constexpr std::uint64_t kElementHeader = 192;
  constexpr std::uint64_t kRings = 1'000'000;  // of the pool itself and the driver
  return kBuffers * (buffer_size(mtu) + sizeof(rte_mbuf) + kElementHeader) + kRings;
}

Port::Port(const std::string& device, std::uint32_t mtu) : device_(device) {
  check(rte_eth_dev_get_port_by_name(ethdev_name(device).c_str(), &id_), device, "find it");
  const std::string pool_name = fmt::format("pool_{}", id_);
  pool_ = make_pool(pool_name, buffer_size(mtu), rte_eth_dev_socket_id(id_));
  if (pool_ == nullptr) {
    throw std::runtime_error(fmt::format("port {}: cannot allocate {} packet buffers of {} B: {}", device,
                                         kBuffers, buffer_size(mtu), rte_strerror(rte_errno)));
  }
  if (pool_->nb_mem_chunks != 1) {
    throw std::runtime_error(
        fmt::format("port {}: its packet buffers lie in {} pieces of memory; reserve more "
                    "hugepages, or none",
                    device, pool_->nb_mem_chunks));
  }
  rte_eth_conf configuration{};
  check(rte_eth_dev_configure(id_, 1, 1, &configuration), device, "configure it");
  std::uint16_t rx = kRxDescriptors, tx = kTxDescriptors;
  check(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx), device, "size its rings");
  check(rte_eth_rx_queue_setup(id_, 0, rx, SOCKET_ID_ANY, nullptr, pool_), device,
        "set up its receive queue");
  check(rte_eth_tx_queue_setup(id_, 0, tx, SOCKET_ID_ANY, nullptr), device, "set up its transmit queue");
  check(rte_eth_dev_start(id_), device, "start it");
  const int promiscuous = rte_eth_promiscuous_enable(id_);
  if (promiscuous != 0 && promiscuous != -ENOTSUP) check(promiscuous, device, "enable promiscuous mode");
}

Port::Port(Port&& other) noexcept
    : device_(std::move(other.device_)), id_(other.id_), pool_(std::exchange(other.pool_, nullptr)) {}

Port::~Port() {
  if (pool_ == nullptr) return;
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  rte_mempool_free(pool_);
}

std::uint16_t Port::receive(std::span<rte_mbuf*> burst) {
  return rte_eth_rx_burst(id_, 0, burst.data(), static_cast<std::uint16_t>(burst.size()));
}

std::uint16_t Port::transmit(std::span<rte_mbuf*> burst) {
  return rte_eth_tx_burst(id_, 0, burst.data(), static_cast<std::uint16_t>(burst.size()));
}

rte_mbuf* Port::allocate() {
  return rte_pktmbuf_alloc(pool_);
}

PortStatistics Port::statistics() const {
  rte_eth_stats stats{};
  check(rte_eth_stats_get(id_, &stats), device_, "read its statistics");
  return {stats.ipackets,
          stats.ibytes,
          stats.opackets,
          stats.obytes,
          {{"rx_missed", stats.imissed},
           {"rx_errors", stats.ierrors},
           {"rx_no_buffer", stats.rx_nombuf},
           {"tx_errors", stats.oerrors}}};
}

}  // namespace longhaul::nic
