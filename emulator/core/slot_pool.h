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
  std::uint32_t size : 28;
  std::uint32_t ecn : 2;
  std::uint32_t marked : 1;
  std::uint32_t outer : 1;  // of the two tiers
  std::uint32_t next;       // slot of the frame behind it
};
static_assert(sizeof(Waiting) == 32);

inline Waiting waiting_frame(const Frame& frame) {
  return {frame.cookie,
          frame.at,
          frame.at,
          frame.size & 0xFFFFFFFU,
          static_cast<std::uint32_t>(frame.ecn) & 3U,
          frame.marked ? 1U : 0U,
          0,
          0};
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
    bytes_ += frame.size;
  }
  Waiting pop(SlotPool& pool) {
    const std::uint32_t slot = head_;
    const Waiting frame = pool[slot];
    head_ = frame.next;
    bytes_ -= frame.size;
    pool.give_back(slot);
    return frame;
  }

 private:
  std::uint32_t head_ = SlotPool::kNone, tail_ = SlotPool::kNone;
  std::uint64_t bytes_ = 0;
};

}  // namespace longhaul::core
