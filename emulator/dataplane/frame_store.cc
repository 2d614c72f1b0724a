// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_store.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace longhaul::dataplane {

std::uint64_t FrameStore::memory_for(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest) {
  constexpr std::uint64_t kHeaderAndPadding = sizeof(Record) + 7;
  constexpr std::uint64_t kPage = 2 * 1024 * 1024;
  // One more for the frame on offer, which is stored before the link decides, and one lost at the ring's end.
  const std::uint64_t needed = bytes + frames * kHeaderAndPadding + 3 * record_length(largest);
  return (needed + kPage - 1) / kPage * kPage;
}

FrameStore::FrameStore(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest)
    : capacity_(memory_for(frames, bytes, largest)) {
  void* memory = mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::runtime_error(
        fmt::format("cannot reserve {} MiB for frames in flight ({} frames, {} bytes): {}", capacity_ >> 20,
                    frames, bytes, std::strerror(errno)));
  }
  madvise(memory, capacity_, MADV_HUGEPAGE);  // fewer TLB misses where the kernel has them; no harm elsewhere
  std::memset(memory, 0, capacity_);
  memory_ = static_cast<std::byte*>(memory);
}

FrameStore::FrameStore(FrameStore&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      capacity_(other.capacity_),
      head_(other.head_),
      tail_(other.tail_),
      newest_(other.newest_) {}

FrameStore::~FrameStore() {
  if (memory_ != nullptr) munmap(memory_, capacity_);
}

std::optional<std::uint64_t> FrameStore::reserve(std::uint32_t size) {
  const std::uint64_t length = record_length(size);
  const std::uint64_t to_end = capacity_ - tail_ % capacity_;
  const bool wraps = length > to_end;
  if (tail_ + length + (wraps ? to_end : 0) > head_ + capacity_) return std::nullopt;
  if (wraps) {
    *at(tail_) = {static_cast<std::uint32_t>(to_end - sizeof(Record)), kFiller};
    tail_ += to_end;
  }
  *at(tail_) = {size, kHeld};
  newest_ = tail_;
  tail_ += length;
  return newest_;
}

void FrameStore::release(std::uint64_t cookie) {
  at(cookie)->state = kFree;
  if (cookie == newest_ && cookie + record_length(at(cookie)->size) == tail_) {
    tail_ = cookie;  // refused by the link right after it was stored: as if it had never come
  }
  reclaim();
}

void FrameStore::reclaim() {
  while (head_ != tail_) {
    const Record* oldest = at(head_);
    if (oldest->state == kHeld) return;
    head_ += oldest->state == kFiller ? sizeof(Record) + oldest->size : record_length(oldest->size);
  }
}

}  // namespace longhaul::dataplane
