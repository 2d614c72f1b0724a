// SPDX-License-Identifier: GPL-2.0-only
//
// Who may wait: the accounting of one buffer that all classes and waves share. It knows bytes and frames, not
// the frames themselves. Limits, reserved parts, dynamic thresholds and the two tiers are those of
// queue_config.h; the checks are made in that order and the first that fails names the cause.
//
// Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "emulator/core/frame.h"
#include "emulator/core/queue_config.h"
#include "emulator/core/slot_pool.h"

namespace longhaul::core {

class SharedBuffer {
 public:
  // `rate` of the link, for limits in time.
  SharedBuffer(const QueueConfig& config, Bytes buffer, BitRate rate);

  // Frames that can wait in a buffer of this size: each takes at least an Ethernet minimum (60 B).
  static std::uint64_t most_frames(Bytes buffer) { return buffer.count() / 60; }

  // Why a frame of this size may not wait now; nothing when it may.
  std::optional<DropCause> refuses(std::size_t traffic_class, std::uint32_t size, Instant now) const {
    if (bytes_ + size > total_ || frames_ == most_frames_) return DropCause::kQueueFull;
    return plain_ ? std::nullopt : refuses_by_class(traffic_class, size, now);
  }
  // Takes it in: call only when it is not refused. Sets where it waits.
  void add(std::size_t traffic_class, Waiting& frame, Instant now) {
    bytes_ += frame.size();
    ++frames_;
    if (!plain_) add_to_class(traffic_class, frame, now);
  }
  void remove(std::size_t traffic_class, const Waiting& frame) {
    bytes_ -= frame.size();
    --frames_;
    if (!plain_) remove_from_class(traffic_class, frame);
  }

  void set_total(Bytes buffer);
  Bytes total() const { return Bytes(total_); }
  void set_rate(BitRate rate);

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t frames() const { return frames_; }
  std::uint64_t class_bytes(std::size_t traffic_class) const {
    return plain_ ? bytes_ : classes_[traffic_class].bytes;
  }
  // When a frame of the outer tier has been read if it begins now.
  Duration outer_read_time(std::uint32_t size) const {
    return serialisation_time(Bytes(size), outer_bandwidth_);
  }

 private:
  struct Class {
    std::uint64_t bytes = 0, frames = 0, outer_frames = 0;
    std::uint64_t reserved = 0, limit_bytes = 0, limit_frames = 0;  // limits: kNoLimit for none
    std::uint64_t timed_bytes = 0;                                  // of limit_time at the present rate
    Duration limit_time;
    double alpha = 0;
    std::uint64_t shared() const { return bytes > reserved ? bytes - reserved : 0; }
  };
  std::optional<DropCause> refuses_by_class(std::size_t traffic_class, std::uint32_t size, Instant now) const;
  void add_to_class(std::size_t traffic_class, Waiting& frame, Instant now);
  void remove_from_class(std::size_t traffic_class, const Waiting& frame);
  bool stays_on_chip(const Class& c, std::uint32_t size) const {
    return c.outer_frames == 0 && on_chip_waiting_ + size <= on_chip_ - staging_;
  }
  std::uint64_t unwritten(Instant now) const;

  bool plain_;  // one class without limits, thresholds or tiers of its own
  std::uint64_t total_, most_frames_;
  std::uint64_t bytes_ = 0, frames_ = 0;
  std::array<Class, kMostClasses> classes_{};
  std::uint64_t reserved_ = 0;     // by all classes
  std::uint64_t shared_used_ = 0;  // of the rest
  std::uint64_t on_chip_ = 0;      // 0: one tier
  std::uint64_t staging_ = 0;
  BitRate outer_bandwidth_;
  std::uint64_t on_chip_waiting_ = 0;  // bytes
  Instant write_free_;                 // when all that was taken to the outer tier is written
};

// Waiting frames and the account of them, shared by the transmitters that serve them.
struct WaitingRoom {
  // `size` of the buffer at first, `largest` that it will ever be.
  WaitingRoom(const QueueConfig& config, Bytes size, Bytes largest, BitRate rate)
      : pool(SharedBuffer::most_frames(largest)), buffer(config, size, rate) {}
  SlotPool pool;
  SharedBuffer buffer;
};

}  // namespace longhaul::core
