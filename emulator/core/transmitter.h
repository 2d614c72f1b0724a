// SPDX-License-Identifier: GPL-2.0-only
//
// Queues of up to eight classes, a scheduler and a serialiser: one wave's way onto the line, and the far
// end's way off it. A frame waits in its queue until its first bit is sent and is the transmitter's until its
// last bit is sent; when the rate changes meanwhile, the bits that are left are timed anew, exactly.
//
// Work is counted in bit x 1e12, so that rate x picoseconds is an integer. Which frames may wait is decided
// by SharedBuffer, what becomes of them there by the owner; the WaitingRoom is the owner's, the same in every
// call. Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "emulator/core/active_queue.h"
#include "emulator/core/link_config.h"
#include "emulator/core/shared_buffer.h"
#include "emulator/core/slot_pool.h"

namespace longhaul::core {

// What is to become of the frame at the head of a queue.
struct DequeueVerdict {
  Judgement judgement = Judgement::kPass;
  DropCause drop{};
  MarkCause mark{};
};

class Transmitter {
 public:
  struct Sent {  // a frame that is being sent, or was
    Waiting frame;
    Instant start, finish;  // of its first bit and of its last one
    std::uint8_t traffic_class;
  };

  Transmitter(const LinkConfig& link, const QueueConfig& queues, BitRate rate, std::uint32_t largest_frame);

  // Nothing waits and nothing is being sent.
  bool idle() const { return !busy_ && nonempty_ == 0; }
  bool busy() const { return busy_; }
  bool waiting() const { return nonempty_ != 0; }
  // Whether a frame of this class that comes now is sent at once.
  bool starts_at_once(std::size_t traffic_class, unsigned paused) const {
    return idle() && rate_.bps() != 0 && ((paused >> traffic_class) & 1U) == 0;
  }

  // Puts a frame, which the buffer has taken in, at the end of its queue.
  void enqueue(WaitingRoom& room, std::size_t traffic_class, const Waiting& frame) {
    queues_[traffic_class].push(room.pool, frame);
    nonempty_ |= 1U << traffic_class;
  }
  // Begins to send; only when not busy.
  void start(const WaitingRoom& room, const Waiting& frame, std::size_t traffic_class, Instant now) {
    const Bytes counted = framed_size(Bytes(frame.size()) + overhead_, framing_);
    if (counted != last_counted_) time_new_size(counted);
    busy_ = true;
    current_.frame.cookie = frame.cookie;
    current_.frame.at = frame.at;
    current_.frame.size_and_flags = frame.size_and_flags;
    current_.start = now;
    current_.finish = next_ = now + last_duration_;
    current_.traffic_class = static_cast<std::uint8_t>(traffic_class);
    since_ = now;
    work_ = last_work_;
    if (frame.outer()) [[unlikely]]
      wait_for_read(room, now);
  }

  // When something happens by itself: the last bit is sent, or a frame may start that is being written to the
  // outer tier. Instant::never() when nothing will.
  Instant next_event() const { return next_; }

  // The frame whose last bit is sent at next_event(); only when busy. Valid until the next start.
  const Sent& finish() {
    busy_ = false;
    next_ = Instant::never();
    return current_;
  }

  // Starts the frame whose turn it is, if there is one that may; only when not busy. `events` judges heads of
  // queues and is told what became of them: judge_head(), queue_emptied(), drop_head(), mark().
  template <typename Events>
  void serve(WaitingRoom& room, Instant now, unsigned paused, Events&& events);

  // Takes out what waits of a class, or of all (kMostClasses): gone(frame, class).
  template <typename Gone>
  void flush(WaitingRoom& room, std::size_t traffic_class, Gone&& gone);

  void set_rate(BitRate rate, Instant now);

  std::uint64_t current_bytes() const { return busy_ ? current_.frame.size() : 0; }
  std::uint64_t class_bytes(std::size_t traffic_class) const { return queues_[traffic_class].bytes(); }

 private:
  std::size_t choose(const WaitingRoom& room, unsigned ready);
  unsigned written(const WaitingRoom& room, unsigned ready, Instant now);
  Waiting take(WaitingRoom& room, std::size_t traffic_class) {
    ClassQueue& queue = queues_[traffic_class];
    const Waiting frame = queue.pop(room.pool);
    room.buffer.remove(traffic_class, frame);
    if (queue.empty()) {
      nonempty_ &= ~(1U << traffic_class);
      deficit_[traffic_class] = 0;
    }
    return frame;
  }
  void time_new_size(Bytes counted);
  void wait_for_read(const WaitingRoom& room, Instant now);

  Framing framing_;
  Bytes overhead_;
  BitRate rate_;

  // What is being sent: `work_` was left at since_.
  bool busy_ = false;
  Instant next_ = Instant::never();  // next_event()
  Sent current_{};
  Instant since_;
  Instant read_;  // of a frame from the outer tier: not finished before
  std::uint64_t work_ = 0;
  // Frames come in few sizes, and a division costs more than all else here: the last one is remembered.
  Bytes last_counted_;
  std::uint64_t last_work_ = 0;
  Duration last_duration_;

  // What waits.
  unsigned nonempty_ = 0;  // bit c: class c waits
  std::array<ClassQueue, kMostClasses> queues_;
  bool two_tier_;

  // The scheduler.
  bool single_;                            // one class
  unsigned strict_ = 0, round_robin_ = 0;  // bit c: class c
  std::size_t classes_;
  std::size_t turn_ = 0;        // whose turn it is in the round
  bool turn_credited_ = false;  // it has had its quantum
  std::array<std::uint64_t, kMostClasses> deficit_{}, quantum_{};
};

template <typename Events>
void Transmitter::serve(WaitingRoom& room, Instant now, unsigned paused, Events&& events) {
  next_ = Instant::never();
  while (rate_.bps() != 0) {
    unsigned ready = nonempty_ & ~paused;
    if (two_tier_) ready = written(room, ready, now);
    if (ready == 0) return;
    const std::size_t traffic_class = single_ ? 0 : choose(room, ready);
    ClassQueue& queue = queues_[traffic_class];
    const Waiting& head = queue.front(room.pool);
    const DequeueVerdict verdict = events.judge_head(head, traffic_class, queue.bytes() - head.size(), now);
    const bool drop = verdict.judgement == Judgement::kDrop;
    if (!drop && ((round_robin_ >> traffic_class) & 1U) != 0) deficit_[traffic_class] -= head.size();
    Waiting frame = take(room, traffic_class);
    if (queue.empty()) events.queue_emptied(traffic_class, now);
    if (drop) {
      events.drop_head(frame, traffic_class, verdict.drop, now);
      continue;
    }
    if (verdict.judgement == Judgement::kMark) events.mark(frame, traffic_class, verdict.mark, now);
    start(room, frame, traffic_class, now);
    return;
  }
}

template <typename Gone>
void Transmitter::flush(WaitingRoom& room, std::size_t traffic_class, Gone&& gone) {
  for (std::size_t c = 0; c < kMostClasses; ++c) {
    if (traffic_class != kMostClasses && c != traffic_class) continue;
    while (!queues_[c].empty()) gone(take(room, c), c);
  }
  if (idle()) next_ = Instant::never();  // nothing is left that is being written to the outer tier
}

}  // namespace longhaul::core
