// SPDX-License-Identifier: GPL-2.0-only
//
// The line itself: constant propagation delay, order kept. It holds any number of frames that can be on a
// line of that length at once; it is not a queue and never refuses one.
//
// Verbs: push, advance, next_event. Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include "emulator/core/frame.h"
#include "emulator/core/ring.h"

namespace longhaul::core {

class DelayLine {
 public:
  // `max_frames`: the most that can be on the line at once, by rate, delay and smallest frame.
  DelayLine(Duration delay, std::size_t max_frames) : delay_(delay), line_(max_frames) {}

  // `sent`: when the frame's last bit went on the line; must not go back.
  void push(const Frame& frame, Instant sent) { line_.push({frame, sent + delay_}); }

  // Hands out every frame due at or before `now`, in order: arrived(frame, due).
  template <typename Arrived>
  void advance(Instant now, Arrived&& arrived) {
    while (!line_.empty() && line_.front().due <= now) {
      const Travelling travelling = line_.front();
      line_.pop();
      arrived(travelling.frame, travelling.due);
    }
  }

  // When the next frame arrives; Instant::never() when the line is empty.
  Instant next_event() const { return line_.empty() ? Instant::never() : line_.front().due; }

 private:
  struct Travelling {
    Frame frame;
    Instant due;
  };
  Duration delay_;
  Ring<Travelling> line_;
};

}  // namespace longhaul::core
