// SPDX-License-Identifier: GPL-2.0-only
#include "nic/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include <atomic>
#include <stdexcept>

namespace longhaul::nic {
namespace {

// As rte_pktmbuf_pool_create(), but packed without holes at page boundaries: DPDK's AF_XDP driver registers
// (elements x element size) bytes from the pool's start with the kernel, and every buffer beyond that is
// refused without a word. nullptr and rte_errno on failure.
rte_mempool* make_pool(const std::string& name, unsigned buffers, std::uint16_t room, int socket) {
  constexpr unsigned kCached = 256;
  rte_pktmbuf_pool_private shape{};
  shape.mbuf_data_room_size = room;
  rte_mempool* pool =
      rte_mempool_create_empty(name.c_str(), buffers, static_cast<unsigned>(sizeof(rte_mbuf)) + room, kCached,
                               sizeof shape, socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_init(pool, &shape);
  if (rte_mempool_populate_default(pool) < 0) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace

void PoolDeleter::operator()(rte_mempool* pool) const {
  rte_mempool_free(pool);
}

PacketPool make_packet_pool(const std::string& owner, unsigned buffers, std::uint16_t room, int socket) {
  static std::atomic<unsigned> made{0};
  PacketPool pool(make_pool(fmt::format("longhaul_{}", made++), buffers, room, socket));
  if (!pool) {
    throw std::runtime_error(fmt::format("port {}: cannot allocate {} packet buffers of {} B: {}", owner,
                                         buffers, room, rte_strerror(rte_errno)));
  }
  return pool;
}

std::uint64_t pool_memory(unsigned buffers, std::uint16_t room) {
  constexpr std::uint64_t kElementHeader = 192;
  constexpr std::uint64_t kRing = 1'000'000;  // of the pool itself, and of a driver
  return buffers * (room + sizeof(rte_mbuf) + kElementHeader) + kRing;
}

}  // namespace longhaul::nic
