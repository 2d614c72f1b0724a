// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_store.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace longhaul::dataplane {
namespace {

constexpr std::uint64_t kPage = 2 * 1024 * 1024;

std::uint64_t whole_pages(std::uint64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

std::uint64_t FrameStore::Layout::table_bytes() const {
  return slots * sizeof(std::uint32_t);
}

FrameStore::Layout FrameStore::layout(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest) {
  Layout layout;
  constexpr std::uint64_t kHeaderAndPadding = sizeof(Record) + kUnit - 1;
  constexpr std::uint64_t kOnOffer = 2;  // stored before the link decides: a frame, or a copy of one
  layout.slots = frames + kOnOffer;
  layout.promised = bytes + frames * kHeaderAndPadding + kOnOffer * record_length(largest);
  // A quarter more, so that moving what is held finds room to win: half of it before room is called scarce,
  // half for what comes while the head goes around. Fillers at the ring's end are of less than a record each.
  layout.scarce = layout.promised / 8 + 2 * record_length(largest);
  layout.capacity = whole_pages(layout.promised + layout.promised / 4 + 4 * record_length(largest));
  return layout;
}

std::uint64_t FrameStore::memory_for(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest) {
  const Layout needed = layout(frames, bytes, largest);
  return needed.capacity + needed.table_bytes();
}

void FrameStore::Unmap::operator()(std::byte* memory) const {
  munmap(memory, length);
}

FrameStore::FrameStore(std::uint64_t frames, std::uint64_t bytes, std::uint32_t largest) {
  const Layout layout = FrameStore::layout(frames, bytes, largest);
  auto fail = [&](const std::string& why) {
    throw std::runtime_error(
        fmt::format("cannot reserve {} MiB for frames in flight ({} frames, {} bytes): {}",
                    (layout.capacity + layout.table_bytes()) >> 20, frames, bytes, why));
  };
  if (layout.slots >= kNone || layout.capacity / kUnit >= kNone) {
    fail("a link can hold 4e9 frames and 32 GiB at most");
  }
  void* memory = mmap(nullptr, layout.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail(std::strerror(errno));
  memory_ = Memory(static_cast<std::byte*>(memory), Unmap{layout.capacity});
  // Fewer TLB misses where the kernel has huge pages; no harm elsewhere.
  madvise(memory, layout.capacity, MADV_HUGEPAGE);
  std::memset(memory, 0, layout.capacity);

  slots_ = std::make_unique_for_overwrite<std::uint32_t[]>(layout.slots);
  for (std::uint32_t i = 0; i < layout.slots; ++i) slots_[i] = i + 1;
  slots_[layout.slots - 1] = kNone;
  free_slot_ = 0;
  capacity_ = layout.capacity;
  promised_ = layout.promised;
  scarce_ = layout.scarce;
}

void FrameStore::fill_end() {
  const std::uint64_t to_end = capacity_ - tail_;
  *at(tail_) = {static_cast<std::uint32_t>(to_end - sizeof(Record)), kNone};
  tail_ = 0;
  used_ += to_end;
}

// Moves the head on by some bytes of log for each byte to be reserved, and as far as it takes when that is
// not enough. What is not held is at least an eighth of the promise when room is scarce, and going once
// around the log, at most 1.25 promises, finds all of it: 1.25 / 0.125 = 10 bytes for each byte reserved in
// between, so the second loop is there for bursts of odd sizes only.
void FrameStore::make_room(std::uint64_t length) {
  constexpr std::uint64_t kPace = 12;
  for (std::uint64_t passed = 0; passed < kPace * length && used_ != 0 && capacity_ - used_ < scarce_;) {
    passed += record_length(at(head_)->size);
    advance_head();
  }
  while (!fits(length)) {
    assert(used_ != 0);
    advance_head();
  }
}

// The oldest record goes: away when it is free, to the tail when it is held.
void FrameStore::advance_head() {
  const Record record = *at(head_);
  if (record.slot == kNone) return drop_head();
  // It finds room at the tail even when none is left, in its own place: the tail is either not beyond the
  // head, then copying moves it towards the ring's beginning, or it has the ring's end and all before the
  // head.
  const std::uint64_t length = record_length(record.size);
  const std::uint64_t from = head_;
  head_ = next(head_, length);
  used_ -= length;
  if (length > capacity_ - tail_) fill_end();
  std::memmove(at(tail_), at(from), length);
  append(length, record);
  moved_ += length;
}

}  // namespace longhaul::dataplane
