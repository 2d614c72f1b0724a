// SPDX-License-Identifier: GPL-2.0-only
//
// Samples on their way from the lcore to the control thread: a ring of preallocated slots with one writer and
// one reader. The writer never waits and never allocates; when the reader is seconds behind, samples are lost
// and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/dataplane/engine.h"

namespace longhaul::dataplane {

class SampleQueue {
 public:
  // `empty` gives every slot its size.
  explicit SampleQueue(const Sample& empty) : slots_(kSlots, empty) {}

  // Writer: fill(slot) writes one sample, if there is room.
  template <typename Fill>
  void write(Fill&& fill) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kSlots) {
      lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return;
    }
    fill(slots_[tail % kSlots]);
    tail_.store(tail + 1, std::memory_order_release);
  }

  // Reader: copies the oldest sample out.
  bool read(Sample& sample) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    sample = slots_[head % kSlots];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kSlots = 1'024;  // 10 s at the usual interval
  std::vector<Sample> slots_;  // slots [head, tail) belong to the reader, the others to the writer
  alignas(64) std::atomic<std::size_t> head_{0};  // written by the reader
  alignas(64) std::atomic<std::size_t> tail_{0};  // written by the writer
  std::atomic<std::uint64_t> lost_{0};            // written by the writer
};

}  // namespace longhaul::dataplane
