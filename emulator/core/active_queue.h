// SPDX-License-Identifier: GPL-2.0-only
//
// Active queue management of one class: RED, CoDel (RFC 8289) and PIE (RFC 8033) as state machines that are
// told the queue and the time and say what to do with a frame. They never see a frame or a clock. What they
// promise is in queue_config.h. Single owner, no allocation.
#pragma once

#include <cstdint>

#include "emulator/core/queue_config.h"
#include "emulator/core/random.h"

namespace longhaul::core {

enum class Judgement : std::uint8_t { kPass, kMark, kDrop };

class RedState {
 public:
  // `rate`: what the queue is served with, for the decay of the average while it is empty.
  RedState(const aqm::Red& config, BitRate rate, RandomStream stream);

  // Judges a frame by the depth of its queue without it.
  Judgement judge(std::uint64_t depth, bool capable, Instant now);
  // The queue became empty; only of interest to the average.
  void emptied(Instant now) { empty_since_ = now; }
  void set_rate(BitRate rate);

 private:
  aqm::Red config_;
  WordStream words_;
  double weight_;
  double frames_per_second_ = 0;
  double average_ = 0;
  Instant empty_since_;
};

class CodelState {
 public:
  CodelState(const aqm::Codel& config, std::uint32_t largest_frame)
      : config_(config), largest_frame_(largest_frame) {}

  // Judges the frame at the head: how long it waited and the bytes behind it. After kDrop the next head is
  // judged at the same instant.
  Judgement judge(Duration waited, std::uint64_t bytes_behind, bool capable, Instant now);

 private:
  Instant control_law(Instant from) const;
  bool above_target(Duration waited, std::uint64_t bytes_behind, Instant now);

  aqm::Codel config_;
  std::uint32_t largest_frame_;
  bool timing_ = false;  // first_above_ is set
  Instant first_above_;
  bool dropping_ = false;
  bool law_is_due_ = false;  // a frame was dropped: the next drop is planned when the new head is known
  Instant next_;
  std::uint32_t count_ = 0, last_count_ = 0;
};

class PieState {
 public:
  PieState(const aqm::Pie& config, std::uint32_t largest_frame, RandomStream stream)
      : config_(config), largest_frame_(largest_frame), words_(stream), burst_left_(config.burst) {}

  // Judges an arriving frame by the bytes that wait.
  Judgement judge(std::uint64_t depth, bool capable);
  // Every `update` while active(): the queue and the rate at that time.
  void update(std::uint64_t depth, BitRate rate);
  // Whether update() would change anything.
  bool active(std::uint64_t depth) const {
    return depth != 0 || probability_ != 0 || delay_before_ != Duration() || burst_left_ != config_.burst;
  }
  Duration interval() const { return config_.update; }

 private:
  aqm::Pie config_;
  std::uint32_t largest_frame_;
  WordStream words_;
  double probability_ = 0;
  Duration delay_before_;
  Duration burst_left_;
};

}  // namespace longhaul::core
