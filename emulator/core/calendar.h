// SPDX-License-Identifier: GPL-2.0-only
//
// Frames on the line that are not in the order of sending: a calendar queue (Brown, CACM 1988) with a fixed
// bucket width and a bitmap of the buckets in use, O(1) per frame when the frames are spread over the time
// that they can be held, which a line's rate and delay see to. Frames of the same instant leave in the order
// in which they came.
//
// All frames in it must be due within `horizon` of each other. Single owner, no allocation after
// construction; 32 B per frame besides the buckets (4 B each, at most one per frame).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emulator/core/travelling.h"

namespace longhaul::core {

class Calendar {
 public:
  // Room for `capacity` frames; with none it takes no memory and holds none.
  Calendar(std::size_t capacity, Duration horizon);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // The next frame that is due; not when empty().
  const Travelling& front() const { return slots_[front_].frame; }
  Instant next_due() const { return size_ == 0 ? Instant::never() : front().due; }

  void push(const Travelling& frame);
  void pop();

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Slot {
    Travelling frame;
    std::uint32_t next;
  };
  std::size_t bucket_of(Instant due) const {
    return (static_cast<std::uint64_t>(due.ps()) >> width_shift_) & (buckets_.size() - 1);
  }
  void set_used(std::size_t bucket);
  void set_unused(std::size_t bucket);
  std::size_t first_used_from(std::size_t bucket) const;

  unsigned width_shift_ = 0;
  std::size_t capacity_;
  std::unique_ptr<Slot[]> slots_;  // not touched before use
  std::size_t fresh_ = 0;          // slots from here on were never used
  std::uint32_t free_ = kNone;     // list of slots that were
  std::vector<std::uint32_t> buckets_;
  std::vector<std::vector<std::uint64_t>> used_;  // bitmaps: [0] of buckets, [n+1] of words of [n]
  std::uint32_t front_ = kNone;
  std::size_t size_ = 0;
};

}  // namespace longhaul::core
