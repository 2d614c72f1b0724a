// SPDX-License-Identifier: GPL-2.0-only
//
// Where a link of a Loop puts what leaves it; a part of loop.cc and forwarding.cc.
#pragma once

#include <cstring>
#include <optional>

#include "emulator/dataplane/capture.h"
#include "emulator/dataplane/frame_header.h"
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

// What a hook's answer does to a frame that its direction holds.
struct Loop::HookSink {
  Loop& loop;
  std::uint32_t direction;  // index in directions_
  lh_place place;

  DirectionState& state() { return loop.directions_[direction]; }
  core::HookAnswer judge(std::uint64_t cookie, std::uint32_t size, Instant at) {
    // The program sees the queue that the frame meets.
    if (place == LH_INGRESS) state().link.advance(at, DirectionSink{loop, direction});
    const InHand frame = loop.in_hand(state(), cookie);
    core::Frame seen;
    seen.pcp = frame.label.pcp();
    seen.dscp = frame.label.dscp();
    const auto traffic_class = static_cast<std::uint32_t>(state().link.class_of(seen));
    return state().hooks[place]->judge.judge({.bytes = frame.bytes,
                                              .size = size,
                                              .flow = frame.label.flow(),
                                              .traffic_class = traffic_class,
                                              .vlan = frame.label.vlan(),
                                              .at = at,
                                              .queue_bytes = state().link.queue_bytes()});
  }
  void pass(std::uint64_t cookie, std::uint32_t size, Instant at) {
    loop.pass_hook(direction, place, cookie, size, at);
  }
  void drop(std::uint64_t cookie, std::uint32_t, std::uint8_t, Instant) { loop.release(state(), cookie); }
  std::optional<std::uint64_t> duplicate(std::uint64_t cookie, std::uint32_t size) {
    core::Frame frame;
    frame.cookie = cookie;
    frame.size = size;
    return DirectionSink{loop, direction}.duplicate(frame);
  }
  bool mark(std::uint64_t cookie) {
    return change_ecn(cookie, core::Ecn::kExperienced, mark_congestion(loop.in_hand(state(), cookie).bytes));
  }
  bool set_ecn(std::uint64_t cookie, core::Ecn ecn) {
    return change_ecn(cookie, ecn, dataplane::set_ecn(loop.in_hand(state(), cookie).bytes, ecn));
  }
  bool change_ecn(std::uint64_t cookie, core::Ecn ecn, bool is_changed) {
    if (!is_changed) return false;
    InHand frame = loop.in_hand(state(), cookie);
    frame.label.set_ecn(ecn);
    loop.write_label(state(), cookie, frame.label);
    return true;
  }
  void corrupt(std::uint64_t cookie, std::uint64_t bit) {
    loop.in_hand(state(), cookie).bytes[bit / 8] ^= std::byte(0x80 >> (bit % 8));
  }
  void set_class(std::uint64_t cookie, std::uint8_t traffic_class) {
    if (traffic_class >= core::kMostClasses) return;
    InHand frame = loop.in_hand(state(), cookie);
    frame.label.force_class(traffic_class);
    loop.write_label(state(), cookie, frame.label);
  }
  void capture(std::uint64_t cookie, Instant at) {
    if (state().capture == nullptr || place == LH_EGRESS) return;
    InHand frame = loop.in_hand(state(), cookie);
    const std::uint32_t number = state().capture->offered(frame.bytes, at, true);
    if (number == 0) return;
    state().capture_last = state().capture_base + number;
    frame.label.set_capture(state().capture_last);
    loop.write_label(state(), cookie, frame.label);
  }
};

}  // namespace longhaul::dataplane
