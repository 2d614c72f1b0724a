// SPDX-License-Identifier: GPL-2.0-only
//
// One wave of the line: it holds frames from their last bit sent until they are due. It is not a queue and
// never refuses one. Frames that are due in the order of sending, nearly all, are in a ring; those that
// overtake, were held back or are copies are in a calendar beside it. Which is which costs one comparison.
//
// Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "emulator/core/calendar.h"
#include "emulator/core/ring.h"
#include "emulator/core/travelling.h"

namespace longhaul::core {

class DelayLine {
 public:
  // `max_frames`: the most that can be on the line at once; `max_out_of_order` of them may be out of order,
  // none of which stays longer than `longest_stay`.
  DelayLine(std::size_t max_frames, std::size_t max_out_of_order, Duration longest_stay)
      : line_(max_frames), aside_(max_out_of_order, longest_stay) {}

  // A frame in its place: it arrives `spacing` after the frame before it on this route or later. Sets when
  // it is due.
  void push_kept(Travelling& frame, Duration spacing) {
    frame.due = std::max(frame.due, route_last_due_ + spacing);
    route_last_due_ = frame.due;
    push(frame);
  }
  // A frame on a line where none has ever overtaken another.
  void push_next(std::uint64_t cookie, Instant due, std::uint32_t size, std::uint32_t class_and_flags) {
    bytes_ += size;
    next_due_ = std::min(next_due_, due);
    ring_last_due_ = due;
    append(cookie, due, size, class_and_flags);
  }
  // A frame that may overtake.
  void push(const Travelling& frame) {
    bytes_ += frame.size;
    next_due_ = std::min(next_due_, frame.due);
    if (frame.due < latest_due_) ++overtakers_;
    latest_due_ = std::max(latest_due_, frame.due);
    if (frame.due < ring_last_due_) return aside_.push(frame);
    ring_last_due_ = frame.due;
    append(frame.cookie, frame.due, frame.size, frame.class_and_flags);
  }
  // A frame out of its place, which no other waits for: taken out of order, or a copy.
  void push_aside(const Travelling& frame, bool copy) {
    bytes_ += frame.size;
    next_due_ = std::min(next_due_, frame.due);
    if (!copy) {
      if (frame.due < latest_due_) ++overtakers_;
      latest_due_ = std::max(latest_due_, frame.due);
    }
    aside_.push(frame);
  }

  // After push_next() alone: from now on the other ways to push know of those frames.
  void end_of_plain_line() { route_last_due_ = latest_due_ = ring_last_due_; }

  // From now on frames may overtake those that are on the line.
  void start_new_route() { route_last_due_ = Instant::at(Duration::picoseconds(kLongAgo)); }

  // When the next frame arrives; Instant::never() when the line is empty.
  Instant next_event() const { return next_due_; }

  // The next frame to arrive; there must be one. Of two that are due together the one in its place goes
  // first.
  const Travelling& front() const { return front_is_aside() ? aside_.front() : line_.front(); }
  // One that arrives some time after it; nullptr when there are fewer. For memory to be fetched in time.
  const Travelling* behind_front(std::size_t ahead) const {
    return line_.size() > ahead ? &line_.behind_front(ahead) : nullptr;
  }
  void pop() {
    bytes_ -= front().size;
    front_is_aside() ? aside_.pop() : line_.pop();
    next_due_ = std::min(line_.empty() ? Instant::never() : line_.front().due, aside_.next_due());
  }

  std::uint64_t frames() const { return line_.size() + aside_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t overtakers() const { return overtakers_; }

 private:
  void append(std::uint64_t cookie, Instant due, std::uint32_t size, std::uint32_t class_and_flags) {
    Travelling& slot = line_.push_slot();
    slot.cookie = cookie;
    slot.due = due;
    slot.size = size;
    slot.class_and_flags = class_and_flags;
  }
  bool front_is_aside() const {
    return !aside_.empty() && (line_.empty() || aside_.front().due < line_.front().due);
  }

  static constexpr std::int64_t kLongAgo = std::numeric_limits<std::int64_t>::min() / 2;

  Instant next_due_ = Instant::never();
  Ring<Travelling> line_;
  Calendar aside_;
  Instant ring_last_due_ = Instant::at(Duration::picoseconds(kLongAgo));
  Instant route_last_due_ = ring_last_due_;
  Instant latest_due_ = ring_last_due_;  // of all but copies
  std::uint64_t bytes_ = 0;
  std::uint64_t overtakers_ = 0;
};

}  // namespace longhaul::core
