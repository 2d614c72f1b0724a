// SPDX-License-Identifier: GPL-2.0-only
//
// What the data plane writes into the packet buffers that it holds: the frame's label, and whose buffer it
// is. It lies in DPDK's dynamic fields (rte_mbuf_dyn.h), so that every pool has room for it, also those of
// other drivers.
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <span>

#include "emulator/dataplane/label.h"

namespace longhaul::dataplane {

struct MbufTag {
  Label label;
  std::uint64_t holder = 0;  // port of the loop that holds it
};

// Reserves the field; with EAL running, before any lcore runs. Throws std::runtime_error.
void register_mbuf_tag();

extern int mbuf_tag_offset;  // set once by register_mbuf_tag()

inline MbufTag& tag_of(rte_mbuf* mbuf) {
  return *RTE_MBUF_DYNFIELD(mbuf, mbuf_tag_offset, MbufTag*);
}

inline std::span<std::byte> bytes_of(rte_mbuf* mbuf) {
  return {rte_pktmbuf_mtod(mbuf, std::byte*), mbuf->data_len};
}

// A link's cookie is the number of a slot in its store, or, with the top bit set, a buffer that it holds.
constexpr std::uint64_t kHeldCookie = std::uint64_t{1} << 63;

inline std::uint64_t cookie_of(rte_mbuf* mbuf) {
  return reinterpret_cast<std::uintptr_t>(mbuf) | kHeldCookie;
}
inline bool is_held(std::uint64_t cookie) {
  return (cookie & kHeldCookie) != 0;
}
inline rte_mbuf* held_mbuf(std::uint64_t cookie) {
  return reinterpret_cast<rte_mbuf*>(cookie & ~kHeldCookie);
}

}  // namespace longhaul::dataplane
