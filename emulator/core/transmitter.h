// SPDX-License-Identifier: GPL-2.0-only
//
// The near end of a link: a byte-limited drop-tail buffer in front of a serialiser. A frame waits in the
// buffer until its first bit is sent; the one being sent is no longer counted there (as in ns-3's
// point-to-point device). Independent of how long the link is: propagation comes after it (delay_line.h).
//
// Verbs: push, advance, next_event. Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include <algorithm>
#include <cstdint>

#include "emulator/core/frame.h"
#include "emulator/core/link_config.h"
#include "emulator/core/ring.h"

namespace longhaul::core {

class Transmitter {
 public:
  Transmitter(BitRate rate, Framing framing, Bytes buffer);

  // Admits a frame that arrived at `frame.at`, or refuses it because the buffer is full. Call
  // advance(frame.at) first: what the buffer holds then decides. Arrivals must not go back in time.
  bool push(const Frame& frame) {
    const std::uint64_t with_this = waiting_bytes_ + frame.size;
    if (!idle_at(frame.at) && (with_this > buffer_bytes_ || waiting_.size() == max_frames_)) return false;
    waiting_bytes_ = with_this;
    waiting_.push(frame);
    return true;
  }

  // Starts every frame whose turn comes at or before `now`: started(frame, last_bit_sent).
  template <typename Started>
  void advance(Instant now, Started&& started) {
    while (!waiting_.empty()) {
      const Frame frame = waiting_.front();
      const Instant start = std::max(frame.at, free_at_);
      if (start > now) return;
      waiting_.pop();
      waiting_bytes_ -= frame.size;
      free_at_ = start + serialisation_time(framed_size(Bytes(frame.size), framing_), rate_);
      started(frame, free_at_);
    }
  }

  // When the next waiting frame starts to be sent; Instant::never() when none waits.
  Instant next_event() const {
    return waiting_.empty() ? Instant::never() : std::max(waiting_.front().at, free_at_);
  }

  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

 private:
  bool idle_at(Instant t) const { return waiting_.empty() && free_at_ <= t; }

  BitRate rate_;
  Framing framing_;
  std::uint64_t buffer_bytes_;
  std::size_t max_frames_;  // buffer / 60 B: a frame takes at least an Ethernet minimum of buffer
  Ring<Frame> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  Instant free_at_;  // when the last bit of the last started frame is sent
};

}  // namespace longhaul::core
