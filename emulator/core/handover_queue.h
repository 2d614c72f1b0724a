// SPDX-License-Identifier: GPL-2.0-only
//
// Records on their way from the thread that owns a link to one other thread: a ring of preallocated slots
// with one writer and one reader. The writer never waits and never allocates; when the reader is too far
// behind, records are lost and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace longhaul::core {

template <typename T>
class HandoverQueue {
 public:
  // `empty` gives every slot its size.
  explicit HandoverQueue(std::size_t slots, const T& empty = {}) : slots_(slots, empty) {}

  // Writer: fill(slot) writes one record, if there is room; false when there was none.
  template <typename Fill>
  bool write(Fill&& fill) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == slots_.size()) {
      lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
    fill(slots_[tail % slots_.size()]);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Reader: copies the oldest record out; false when there is none.
  bool read(T& record) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    record = slots_[head % slots_.size()];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  std::vector<T> slots_;  // slots [head, tail) belong to the reader, the others to the writer
  alignas(64) std::atomic<std::size_t> head_{0};  // written by the reader
  alignas(64) std::atomic<std::size_t> tail_{0};  // written by the writer
  std::atomic<std::uint64_t> lost_{0};            // written by the writer
};

}  // namespace longhaul::core
