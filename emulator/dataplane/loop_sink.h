// SPDX-License-Identifier: GPL-2.0-only
//
// Where a link of a Loop puts what leaves it; a part of loop.cc and forwarding.cc.
#pragma once

#include <cstring>
#include <optional>

#include "emulator/dataplane/capture.h"
#include "emulator/dataplane/loop.h"
#include "emulator/dataplane/mbuf_tag.h"

namespace longhaul::dataplane {

struct Loop::DirectionSink {
  Loop& loop;
  std::uint32_t direction;  // index in directions_

  DirectionState& state() { return loop.directions_[direction]; }
  void expect(std::uint64_t cookie) {
    if (!is_held(cookie)) return state().store.prefetch(cookie);
    // Both lines of the buffer's header, and the frame's first, which follows them and the headroom.
    const auto* const mbuf = reinterpret_cast<const std::byte*>(held_mbuf(cookie));
    __builtin_prefetch(mbuf);
    __builtin_prefetch(mbuf + sizeof(rte_mbuf) / 2);
    __builtin_prefetch(mbuf + sizeof(rte_mbuf) + RTE_PKTMBUF_HEADROOM);
  }
  void deliver(const core::Frame& frame, Instant due) { loop.deliver(direction, frame, due); }
  void drop(const core::Frame& frame, core::DropCause cause) {
    if (state().capture != nullptr) [[unlikely]]
      loop.capture_drop(state(), frame, cause);
    loop.release(state(), frame.cookie);
  }
  // Into the store, also when the frame itself is held where it lies.
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
    const std::optional<std::uint64_t> copy = state().store.reserve(sizeof(Label) + frame.size);
    if (!copy) {
      ++state().store_full;
      return copy;
    }
    const InHand original = loop.in_hand(state(), frame.cookie);
    const std::span<std::byte> room = state().store.bytes(*copy);
    std::memcpy(room.data(), &original.label, sizeof(Label));
    std::memcpy(room.data() + sizeof(Label), original.bytes.data(), original.bytes.size());
    return copy;
  }
  void corrupt(const core::Frame& frame, std::uint64_t bit) {
    loop.in_hand(state(), frame.cookie).bytes[bit / 8] ^= std::byte(0x80 >> (bit % 8));
  }
};

}  // namespace longhaul::dataplane
