// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/calendar.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace longhaul::core {
namespace {

constexpr std::size_t kMostBuckets = std::size_t{1} << 24;
constexpr unsigned kWordBits = 64;

}  // namespace

Calendar::Calendar(std::size_t capacity, Duration horizon) : capacity_(capacity) {
  if (capacity == 0) return;
  const std::size_t count = std::clamp<std::size_t>(std::bit_floor(capacity), kWordBits, kMostBuckets);
  // The buckets cover the horizon and one more, so that no two rounds meet in one bucket.
  while ((static_cast<std::uint64_t>(horizon.ps()) >> width_shift_) + 2 > count) ++width_shift_;
  slots_ = std::make_unique_for_overwrite<Slot[]>(capacity);
  buckets_.assign(count, kNone);
  std::size_t words = count;
  do {
    words = (words + kWordBits - 1) / kWordBits;
    used_.emplace_back(words, 0);
  } while (words > 1);
}

void Calendar::set_used(std::size_t bucket) {
  for (std::vector<std::uint64_t>& level : used_) {
    std::uint64_t& word = level[bucket / kWordBits];
    const bool was_used = word != 0;
    word |= std::uint64_t{1} << (bucket % kWordBits);
    if (was_used) return;
    bucket /= kWordBits;
  }
}

void Calendar::set_unused(std::size_t bucket) {
  for (std::vector<std::uint64_t>& level : used_) {
    std::uint64_t& word = level[bucket / kWordBits];
    word &= ~(std::uint64_t{1} << (bucket % kWordBits));
    if (word != 0) return;
    bucket /= kWordBits;
  }
}

// The first bucket in use at or after `bucket`, then from the start; there must be one.
std::size_t Calendar::first_used_from(std::size_t bucket) const {
  for (std::size_t level = 0; level < used_.size(); ++level) {
    const std::size_t word = bucket / kWordBits;
    if (word < used_[level].size()) {
      const std::uint64_t rest = used_[level][word] & (~std::uint64_t{0} << (bucket % kWordBits));
      if (rest != 0) {
        std::size_t found = word * kWordBits + static_cast<std::size_t>(std::countr_zero(rest));
        while (level > 0) {
          --level;
          found = found * kWordBits + static_cast<std::size_t>(std::countr_zero(used_[level][found]));
        }
        return found;
      }
    }
    bucket = word + 1;
  }
  return first_used_from(0);
}

void Calendar::push(const Travelling& frame) {
  assert(size_ < capacity_);
  std::uint32_t slot = free_;
  if (slot != kNone) {
    free_ = slots_[slot].next;
  } else {
    slot = static_cast<std::uint32_t>(fresh_++);
  }
  const std::size_t bucket = bucket_of(frame.due);
  std::uint32_t* link = &buckets_[bucket];
  if (*link == kNone) set_used(bucket);
  while (*link != kNone && slots_[*link].frame.due <= frame.due) link = &slots_[*link].next;
  slots_[slot] = {frame, *link};
  *link = slot;
  if (size_++ == 0 || frame.due < slots_[front_].frame.due) front_ = slot;
}

void Calendar::pop() {
  const std::uint32_t slot = front_;
  const std::size_t bucket = bucket_of(slots_[slot].frame.due);
  buckets_[bucket] = slots_[slot].next;  // the front of all is the first of its bucket
  if (buckets_[bucket] == kNone) set_unused(bucket);
  slots_[slot].next = free_;
  free_ = slot;
  front_ = --size_ == 0 ? kNone : buckets_[first_used_from(bucket)];
}

}  // namespace longhaul::core
