// SPDX-License-Identifier: GPL-2.0-only
//
// Where the bytes of frames live while a link holds them: one ring of memory, frames copied in on arrival and
// out on release. Exact in bytes (a switch buffer is sized in bytes), it frees the port's receive buffers at
// once, so a long link never starves a NIC ring.
//
// Frames may be freed in any order and held for any time. The ring is a log as in Rosenblum and Ousterhout's
// log-structured file system (1992): when room becomes scarce, frames still held at its head are copied to
// its tail, a bounded number of bytes for each byte reserved. So a cookie is not an address but names a slot
// of a table that says where the frame is now. A link that frees in order never copies. Single owner (the
// lcore that drives the link), no allocation after construction. A record never wraps: its bytes are
// contiguous.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace longhaul::dataplane {

class FrameStore {
 public:
  // Room for `frames` frames of `bytes` in sum, none larger than `largest`, in any mix and freed in any
  // order. Memory is touched here, so that the data path meets no page fault. Throws std::runtime_error when
  // it cannot be had.
  FrameStore(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest);
  FrameStore(FrameStore&& other) noexcept = default;
  FrameStore(const FrameStore&) = delete;
  FrameStore& operator=(const FrameStore&) = delete;
  FrameStore& operator=(FrameStore&&) = delete;

  // Bytes of memory that a store of this size takes.
  static std::uint64_t memory_for(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest);

  // Reserves `size` bytes and returns the cookie that names them. Nothing only when more is held than was
  // promised room for. May move frames: spans from bytes() end here.
  std::optional<std::uint64_t> reserve(std::uint32_t size) {
    const std::uint64_t length = record_length(size);
    if (free_slot_ == kNone || live_ + length > promised_) return std::nullopt;
    if (capacity_ - used_ < scarce_ || !fits(length)) make_room(length);
    const std::uint32_t slot = free_slot_;
    free_slot_ = slots_[slot];
    live_ += length;
    append(length, {size, slot});
    return slot;
  }

  // The bytes behind a cookie; valid until the next reserve().
  std::span<std::byte> bytes(std::uint64_t cookie) {
    Record* record = at(slots_[cookie] * kUnit);
    return {reinterpret_cast<std::byte*>(record + 1), record->size};
  }

  // Has the first bytes behind a cookie fetched into the cache.
  void prefetch(std::uint64_t cookie) const { __builtin_prefetch(memory_.get() + slots_[cookie] * kUnit); }

  void release(std::uint64_t cookie) {
    const std::uint64_t offset = slots_[cookie] * kUnit;
    const std::uint64_t length = record_length(at(offset)->size);
    at(offset)->slot = kNone;
    slots_[cookie] = free_slot_;
    free_slot_ = static_cast<std::uint32_t>(cookie);
    live_ -= length;
    if (next(offset, length) == tail_) {  // refused by the link right after it was stored: as if never there
      tail_ = offset;
      used_ -= length;
    }
    // More than one, so that the head catches up after frames behind it went first; bounded for the loop's
    // sake.
    constexpr int kMostAtOnce = 4;
    for (int i = 0; i < kMostAtOnce && used_ != 0 && at(head_)->slot == kNone; ++i) drop_head();
  }

  bool empty() const { return live_ == 0; }
  // Bytes that were copied from the head to the tail so far, to see what keeping order costs.
  std::uint64_t moved_bytes() const { return moved_; }

 private:
  struct Record {
    std::uint32_t size;  // of the frame
    std::uint32_t slot;  // which names it; kNone: free, or a filler at the ring's end
  };
  static constexpr std::uint64_t kUnit = 8;  // of positions in the table, and what records are aligned to
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  static_assert(sizeof(Record) == kUnit);

  struct Layout {
    std::uint64_t slots, promised, scarce, capacity;
    std::uint64_t table_bytes() const;
  };
  static Layout layout(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest);
  struct Unmap {
    std::uint64_t length;
    void operator()(std::byte* memory) const;
  };
  using Memory = std::unique_ptr<std::byte[], Unmap>;

  static constexpr std::uint64_t record_length(std::uint64_t size) {
    return (sizeof(Record) + size + kUnit - 1) & ~(kUnit - 1);
  }
  Record* at(std::uint64_t offset) { return reinterpret_cast<Record*>(memory_.get() + offset); }
  std::uint64_t next(std::uint64_t offset, std::uint64_t length) const {
    return offset + length == capacity_ ? 0 : offset + length;
  }
  // Whether a record finds room at the tail, with a filler before it when it would wrap.
  bool fits(std::uint64_t length) const {
    const std::uint64_t to_end = capacity_ - tail_;
    return used_ + length + (length > to_end ? to_end : 0) <= capacity_;
  }
  void drop_head() {
    const std::uint64_t length = record_length(at(head_)->size);
    head_ = next(head_, length);
    used_ -= length;
  }
  // Writes a record's head at the tail, where it must fit, and names it in the table.
  void append(std::uint64_t length, Record record) {
    if (length > capacity_ - tail_) fill_end();
    *at(tail_) = record;
    slots_[record.slot] = static_cast<std::uint32_t>(tail_ / kUnit);
    tail_ = next(tail_, length);
    used_ += length;
  }
  void fill_end();
  void make_room(std::uint64_t length);
  void advance_head();

  Memory memory_;                           // the ring
  std::unique_ptr<std::uint32_t[]> slots_;  // by cookie: where it is, in units; of a free slot the next one
  std::uint64_t capacity_ = 0;              // of the ring; a multiple of kUnit
  std::uint64_t promised_ = 0;              // most that records held may take
  std::uint64_t scarce_ = 0;                // with less room than this at the tail frames are moved
  std::uint64_t head_ = 0, tail_ = 0;       // offsets of the oldest record and of the next one
  std::uint64_t used_ = 0;                  // from head to tail
  std::uint64_t live_ = 0;                  // taken by the records that are held
  std::uint64_t moved_ = 0;
  std::uint32_t free_slot_ = kNone;
};

}  // namespace longhaul::dataplane
