// SPDX-License-Identifier: GPL-2.0-only
//
// A FIFO of fixed capacity in one allocation made at construction; nothing on push or pop. The capacity is a
// promise by the owner: pushing into a full ring is a broken invariant, checked by assert. Single owner.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace longhaul::core {

template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Room for at least `capacity` elements (rounded up to a power of two).
  explicit Ring(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique_for_overwrite<T[]>(mask_ + 1)) {}

  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  const T& front() const { return slots_[head_ & mask_]; }
  // The one `ahead` places behind the front; there must be so many more.
  const T& behind_front(std::size_t ahead) const { return slots_[(head_ + ahead) & mask_]; }
  void pop() { ++head_; }
  void push(const T& element) { push_slot() = element; }
  // A new last element for the caller to fill, field by field: a copy from elsewhere would read wide what was
  // just written narrow, which the processor cannot forward.
  T& push_slot() {
    assert(size() <= mask_);
    return slots_[tail_++ & mask_];
  }

 private:
  std::size_t mask_;
  std::unique_ptr<T[]> slots_;  // not touched before use: memory that was never needed is never resident
  std::size_t head_ = 0;        // counts all pops; only the masked value indexes
  std::size_t tail_ = 0;        // counts all pushes
};

}  // namespace longhaul::core
