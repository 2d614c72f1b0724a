// SPDX-License-Identifier: GPL-2.0-only
//
// Where the bytes of frames live while a link holds them: one ring of memory, frames copied in on arrival and
// out on release. Exact in bytes (a switch buffer is sized in bytes), it frees the port's receive buffers at
// once, so a long link never starves a NIC ring.
//
// Frames may be freed in any order; room returns when the oldest go. Single owner (the lcore that drives the
// link), no allocation after construction. A record never wraps: its bytes are contiguous.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace longhaul::dataplane {

class FrameStore {
 public:
  // Room for `frames` frames of `bytes` in sum, none larger than `largest`, in any mix. Memory is touched
  // here, so that the data path meets no page fault. Throws std::runtime_error when it cannot be had.
  FrameStore(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest);
  ~FrameStore();
  FrameStore(FrameStore&& other) noexcept;
  FrameStore(const FrameStore&) = delete;
  FrameStore& operator=(const FrameStore&) = delete;
  FrameStore& operator=(FrameStore&&) = delete;

  // Bytes of memory that a store of this size takes.
  static std::uint64_t memory_for(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest);

  // Reserves `size` bytes and returns the cookie that names them, or nothing when there is no room.
  std::optional<std::uint64_t> reserve(std::uint32_t size);

  // The bytes behind a cookie; valid until release().
  std::span<std::byte> bytes(std::uint64_t cookie) {
    Record* record = at(cookie);
    return {reinterpret_cast<std::byte*>(record + 1), record->size};
  }

  void release(std::uint64_t cookie);

  bool empty() const { return head_ == tail_; }

 private:
  struct Record {
    std::uint32_t size;   // of the frame; for a filler the bytes to skip behind this record
    std::uint32_t state;  // kHeld, kFree or kFiller
  };
  enum : std::uint32_t { kHeld = 1, kFree = 2, kFiller = 3 };
  static_assert(sizeof(Record) == 8);

  static std::uint64_t record_length(std::uint32_t size) {
    return (sizeof(Record) + size + 7) & ~std::uint64_t{7};
  }
  Record* at(std::uint64_t position) { return reinterpret_cast<Record*>(memory_ + position % capacity_); }
  void reclaim();

  std::byte* memory_ = nullptr;
  std::uint64_t capacity_ = 0;  // a multiple of 8
  std::uint64_t head_ = 0;      // position of the oldest record; positions only grow
  std::uint64_t tail_ = 0;      // where the next record goes
  std::uint64_t newest_ = 0;    // position of the record before tail_, when there is one
};

}  // namespace longhaul::dataplane
