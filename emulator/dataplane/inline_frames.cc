// SPDX-License-Identifier: GPL-2.0-only
//
// Frames on links that a simulator drives (inline_exchange.h): how they leave the loop and come back to it.
// Their bytes stay with the direction that they entered, until they leave the simulated links.
#include <algorithm>

#include "emulator/dataplane/loop.h"
#include "emulator/dataplane/loop_sink.h"

namespace longhaul::dataplane {

void Loop::enter_simulated(DirectionState& state, std::uint64_t cookie, const InHand& frame, Instant at) {
  const bool taken = inline_->entries.write([&](InlineEntry& entry) {
    entry.cookie = cookie;
    entry.at = at;
    entry.direction = state.index;
    entry.size = static_cast<std::uint32_t>(frame.bytes.size());
    entry.label = frame.label;
    if (!inline_->wants_heads) return;
    std::copy_n(frame.bytes.begin(), std::min(entry.head.size(), frame.bytes.size()), entry.head.begin());
  });
  if (taken) {
    ++away_;
  } else {
    ++state.handover_full;
    release(state, cookie);
  }
}

void Loop::take_returns() {
  InlineReturn came;
  while (inline_->returns.read(came)) {
    switch (came.kind) {
      case InlineReturn::Kind::kState:
        take_state();
        break;
      case InlineReturn::Kind::kGone:
        --away_;
        release(directions_[local_[came.entry]], came.cookie);
        break;
      case InlineReturn::Kind::kMoreBits:
        bits_.insert(bits_.end(), came.bits.begin(), came.bits.begin() + came.bit_count);
        break;
      case InlineReturn::Kind::kDelivered:
        bits_.insert(bits_.end(), came.bits.begin(), came.bits.begin() + came.bit_count);
        hold_back(came);
        bits_.clear();
        break;
    }
  }
  if (!inline_->finished.load(std::memory_order_acquire)) return;
  while (take_state()) {
  }
}

// What happened to a copy must not show in the frame that it is of, so it gets bytes of its own.
void Loop::hold_back(const InlineReturn& came) {
  const std::uint32_t entry = local_[came.entry];
  core::Frame frame;
  frame.cookie = came.cookie;
  if (came.is_last) {
    --away_;
  } else {
    frame.size = static_cast<std::uint32_t>(in_hand(directions_[entry], came.cookie).bytes.size());
    const std::optional<std::uint64_t> copy = DirectionSink{*this, entry}.duplicate(frame);
    if (!copy) return;
    frame.cookie = *copy;
  }
  for (const std::uint32_t bit : bits_) DirectionSink{*this, entry}.corrupt(frame, bit);
  held_back_.push({came.due, came_back_++, frame.cookie, entry, local_[came.exit], came.marked});
}

void Loop::release_held_back() {
  const HeldBack next = held_back_.top();
  held_back_.pop();
  DirectionState& keeper = directions_[next.entry];
  DirectionState& exit = directions_[next.exit];
  exit.simulated->released.add(in_hand(keeper, next.cookie).bytes.size());
  carry_on(keeper, exit, next.cookie, next.marked, next.due);
}

// All frames that the simulator counted as returned have come by now.
bool Loop::take_state() {
  InlineState said;
  if (!inline_->states.read(said)) return false;
  SimulatedLink& link = *directions_[local_[said.direction]].simulated;
  link.said = said;
  link.released_then = link.released;
  return true;
}

// What came back and is not due yet is still on the line.
void Loop::fill_simulated(const SimulatedLink& link, DirectionSample& out) {
  const InlineState& said = link.said;
  const core::Tally held{said.returned.frames - link.released_then.frames,
                         said.returned.bytes - link.released_then.bytes};
  out.state = said.state;
  out.counters = said.counters;
  out.counters.out = {said.counters.out.frames - held.frames, said.counters.out.bytes - held.bytes};
  out.counters.held = said.counters.held + held;
  out.interval_peak_bytes = said.interval_peak_bytes;
  out.changes = said.changes;
  out.entered_late = said.entered_late;
  out.latest_entry = said.latest_entry;
}

}  // namespace longhaul::dataplane
