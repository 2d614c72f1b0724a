// SPDX-License-Identifier: GPL-2.0-only
//
// What one traffic class does to frames besides letting them wait: RED and PIE when they come, RED and the
// time cap when their turn comes. CoDel, which belongs to a queue of one wave, is only configured here.
// Single owner, no allocation after construction.
#pragma once

#include <optional>

#include "emulator/core/active_queue.h"
#include "emulator/core/queue_config.h"
#include "emulator/core/random.h"
#include "emulator/core/transmitter.h"

namespace longhaul::core {

class ClassPolicy {
 public:
  ClassPolicy(const ClassConfig& config, std::uint32_t traffic_class, BitRate rate,
              std::uint32_t largest_frame, StreamOwner owner, std::uint64_t seed);

  // A frame comes and finds `depth` bytes of its class waiting.
  DequeueVerdict judge_arrival(std::uint64_t depth, bool capable, Instant now);
  // Its turn has come: `depth` bytes of its class wait besides, `behind` of them in the same queue, whose
  // CoDel is `codel`.
  DequeueVerdict judge_head(const Waiting& head, std::uint64_t depth, std::uint64_t behind, CodelState& codel,
                            Instant now);
  void emptied(Instant now) {
    if (red_) red_->emptied(now);
  }
  void set_rate(BitRate rate) {
    if (red_) red_->set_rate(rate);
  }

  // PIE's clock: when it ticks next, never() while it has nothing to do.
  Instant next_tick() const { return next_tick_; }
  void tick(std::uint64_t depth, BitRate rate, Instant now);
  // Something waits now, so it has.
  bool wake(Instant now) {
    if (!pie_ || next_tick_ != Instant::never()) return false;
    next_tick_ = tick_after(now);
    return true;
  }

  static bool needed(const ClassConfig& config) {
    return config.time_cap != Duration() || !std::holds_alternative<aqm::None>(config.aqm);
  }

 private:
  Instant tick_after(Instant now) const;

  Duration time_cap_;
  bool red_at_dequeue_ = false, codel_ = false;
  std::optional<RedState> red_;
  std::optional<PieState> pie_;
  Instant next_tick_ = Instant::never();
};

}  // namespace longhaul::core
