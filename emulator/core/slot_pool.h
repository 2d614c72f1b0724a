// SPDX-License-Identifier: GPL-2.0-only
//
// Waiting frames: one pool of slots for all queues of a buffer, queues as lists of slots. A slot that was
// used last is used next, so a shallow queue in a deep buffer stays in the cache, which a ring as long as the
// buffer would not (it walks through all of its memory whatever it holds). Single owner, no allocation after
// construction, memory that was never needed is never touched.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "emulator/core/frame.h"

namespace longhaul::core {

struct Waiting {
  std::uint64_t cookie;
  Instant at;     // when it arrived
  Instant ready;  // when it may be sent: later than `at` only while it is written to the outer tier
  std::uint32_t size_and_flags;
  std::uint32_t next;  // slot of the frame behind it

  // Plain shifts, as bit fields would be written and read in pieces that the processor cannot forward.
  static constexpr unsigned kSizeBits = 28, kEcnShift = kSizeBits;
  static constexpr std::uint32_t kMarked = 1U << 30, kOuter = 1U << 31;
  std::uint32_t size() const { return size_and_flags & ((1U << kSizeBits) - 1); }
  Ecn ecn() const { return static_cast<Ecn>((size_and_flags >> kEcnShift) & 3U); }
  bool marked() const { return (size_and_flags & kMarked) != 0; }
  bool outer() const { return (size_and_flags & kOuter) != 0; }
  void mark() { size_and_flags |= kMarked | (3U << kEcnShift); }
};
static_assert(sizeof(Waiting) == 32);

constexpr Waiting waiting_frame(std::uint64_t cookie, Instant at, std::uint32_t size, Ecn ecn, bool marked) {
  const std::uint32_t flags =
      (static_cast<std::uint32_t>(ecn) << Waiting::kEcnShift) | (marked ? Waiting::kMarked : 0U);
  return {cookie, at, at, size | flags, 0};
}

class SlotPool {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  explicit SlotPool(std::size_t capacity)
      : capacity_(capacity), slots_(std::make_unique_for_overwrite<Waiting[]>(capacity)) {}

  Waiting& operator[](std::uint32_t slot) { return slots_[slot]; }
  const Waiting& operator[](std::uint32_t slot) const { return slots_[slot]; }

  std::uint32_t take() {
    if (free_ == kNone) {
      assert(fresh_ < capacity_);
      return fresh_++;
    }
    const std::uint32_t slot = free_;
    free_ = slots_[slot].next;
    return slot;
  }
  void give_back(std::uint32_t slot) {
    slots_[slot].next = free_;
    free_ = slot;
  }

 private:
  std::size_t capacity_;
  std::unique_ptr<Waiting[]> slots_;
  std::uint32_t fresh_ = 0;  // slots from here on were never used
  std::uint32_t free_ = kNone;
};

// A queue of one class of one wave.
class ClassQueue {
 public:
  bool empty() const { return head_ == SlotPool::kNone; }
  std::uint64_t bytes() const { return bytes_; }
  const Waiting& front(const SlotPool& pool) const { return pool[head_]; }

  void push(SlotPool& pool, const Waiting& frame) {
    const std::uint32_t slot = pool.take();
    pool[slot] = frame;
    pool[slot].next = SlotPool::kNone;
    (empty() ? head_ : pool[tail_].next) = slot;
    tail_ = slot;
    bytes_ += frame.size();
  }
  Waiting pop(SlotPool& pool) {
    const std::uint32_t slot = head_;
    const Waiting frame = pool[slot];
    head_ = frame.next;
    bytes_ -= frame.size();
    pool.give_back(slot);
    return frame;
  }

 private:
  std::uint32_t head_ = SlotPool::kNone, tail_ = SlotPool::kNone;
  std::uint64_t bytes_ = 0;
};

}  // namespace longhaul::core
