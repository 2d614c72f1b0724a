// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/shared_buffer.h"

#include <limits>

namespace longhaul::core {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max() / 2;

bool is_plain(const QueueConfig& config) {
  const ClassConfig& only = config.classes[0];
  return config.classes.size() == 1 && config.tiers.on_chip == Bytes() && only.limit_bytes == Bytes() &&
         only.limit_frames == 0 && only.limit_time == Duration() && only.reserved == Bytes() &&
         only.alpha == 0;
}

}  // namespace

SharedBuffer::SharedBuffer(const QueueConfig& config, Bytes buffer, BitRate rate)
    : plain_(is_plain(config)),
      total_(buffer.count()),
      most_frames_(most_frames(buffer)),
      on_chip_(config.tiers.on_chip.count()),
      staging_(config.tiers.staging == Bytes() ? on_chip_ / 4 : config.tiers.staging.count()),
      outer_bandwidth_(config.tiers.bandwidth) {
  for (std::size_t c = 0; c < config.classes.size(); ++c) {
    const ClassConfig& from = config.classes[c];
    Class& to = classes_[c];
    to.reserved = from.reserved.count();
    to.limit_bytes = from.limit_bytes == Bytes() ? kNoLimit : from.limit_bytes.count();
    to.limit_frames = from.limit_frames == 0 ? kNoLimit : from.limit_frames;
    to.limit_time = from.limit_time;
    to.alpha = from.alpha;
    reserved_ += to.reserved;
  }
  set_rate(rate);
}

void SharedBuffer::set_total(Bytes buffer) {
  total_ = buffer.count();
  most_frames_ = most_frames(buffer);
}

void SharedBuffer::set_rate(BitRate rate) {
  for (Class& c : classes_) {
    c.timed_bytes = c.limit_time == Duration() ? kNoLimit : bytes_in(rate, c.limit_time).count();
  }
}

std::optional<DropCause> SharedBuffer::refuses_by_class(std::size_t traffic_class, std::uint32_t size,
                                                        Instant now) const {
  const Class& c = classes_[traffic_class];
  const std::uint64_t with_this = c.bytes + size;
  if (with_this > std::min(c.limit_bytes, c.timed_bytes) || c.frames + 1 > c.limit_frames) {
    return DropCause::kQueueFull;
  }
  const std::uint64_t shared_total = total_ > reserved_ ? total_ - reserved_ : 0;
  const std::uint64_t shared = with_this > c.reserved ? with_this - c.reserved : 0;
  if (shared != 0) {
    if (shared_used_ - c.shared() + shared > shared_total) return DropCause::kQueueFull;
    const double free = static_cast<double>(shared_total) - static_cast<double>(shared_used_);
    if (c.alpha > 0 && static_cast<double>(shared) > c.alpha * free) return DropCause::kPoolThreshold;
  }
  if (on_chip_ != 0 && !stays_on_chip(c, size) && unwritten(now) + size > staging_) {
    return DropCause::kOnChipFull;
  }
  return std::nullopt;
}

// Bytes on their way to the outer tier, rounded up.
std::uint64_t SharedBuffer::unwritten(Instant now) const {
  if (write_free_ <= now) return 0;
  const Duration writing = write_free_ - now;
  const Bytes whole = bytes_in(outer_bandwidth_, writing);
  return whole.count() + (serialisation_time(whole, outer_bandwidth_) == writing ? 0 : 1);
}

void SharedBuffer::add_to_class(std::size_t traffic_class, Waiting& frame, Instant now) {
  Class& c = classes_[traffic_class];
  shared_used_ -= c.shared();
  c.bytes += frame.size();
  ++c.frames;
  shared_used_ += c.shared();
  if (on_chip_ == 0) return;
  if (stays_on_chip(c, frame.size())) {
    on_chip_waiting_ += frame.size();
    return;
  }
  frame.size_and_flags |= Waiting::kOuter;
  ++c.outer_frames;
  write_free_ = std::max(write_free_, now) + serialisation_time(Bytes(frame.size()), outer_bandwidth_);
  frame.ready = write_free_;
}

void SharedBuffer::remove_from_class(std::size_t traffic_class, const Waiting& frame) {
  Class& c = classes_[traffic_class];
  shared_used_ -= c.shared();
  c.bytes -= frame.size();
  --c.frames;
  shared_used_ += c.shared();
  if (on_chip_ == 0) return;
  if (frame.outer()) {
    --c.outer_frames;
  } else {
    on_chip_waiting_ -= frame.size();
  }
}

}  // namespace longhaul::core
