// SPDX-License-Identifier: GPL-2.0-only
//
// The packet buffers of one port: a DPDK pool whose buffers each hold a frame of the largest size in one
// piece. Made and freed by the control thread with EAL running; buffers are taken and given back by any
// lcore. Sizes in bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct rte_mempool;

namespace longhaul::nic {

struct PoolDeleter {
  void operator()(rte_mempool* pool) const;
};
using PacketPool = std::unique_ptr<rte_mempool, PoolDeleter>;

// `room` is that of one buffer, DPDK's headroom in it. Throws with the reason; `owner` says for whom it was.
PacketPool make_packet_pool(const std::string& owner, unsigned buffers, std::uint16_t room, int socket);

// What such a pool takes.
std::uint64_t pool_memory(unsigned buffers, std::uint16_t room);

}  // namespace longhaul::nic
