// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/class_policy.h"

namespace longhaul::core {

ClassPolicy::ClassPolicy(const ClassConfig& config, std::uint32_t traffic_class, BitRate rate,
                         std::uint32_t largest_frame, StreamOwner owner, std::uint64_t seed)
    : time_cap_(config.time_cap) {
  if (const auto* red = std::get_if<aqm::Red>(&config.aqm)) {
    red_.emplace(*red, rate, RandomStream(seed, owner, Effect::kRed, traffic_class));
    red_at_dequeue_ = red->at_dequeue;
  } else if (const auto* pie = std::get_if<aqm::Pie>(&config.aqm)) {
    pie_.emplace(*pie, largest_frame, RandomStream(seed, owner, Effect::kPie, traffic_class));
  } else {
    codel_ = std::holds_alternative<aqm::Codel>(config.aqm);
  }
}

DequeueVerdict ClassPolicy::judge_arrival(std::uint64_t depth, bool capable, Instant now) {
  if (pie_) return {pie_->judge(depth, capable), DropCause::kPie, MarkCause::kPie};
  if (red_ && !red_at_dequeue_) return {red_->judge(depth, capable, now), DropCause::kRed, MarkCause::kRed};
  return {};
}

DequeueVerdict ClassPolicy::judge_head(const Waiting& head, std::uint64_t depth, std::uint64_t behind,
                                       CodelState& codel, Instant now) {
  const Duration waited = now - head.at;
  if (time_cap_ != Duration() && waited > time_cap_) return {Judgement::kDrop, DropCause::kTimeCap, {}};
  const bool capable = head.ecn() != Ecn::kNotCapable;
  if (red_ && red_at_dequeue_) {
    return {red_->judge(depth, capable, now), DropCause::kRed, MarkCause::kRed};
  }
  if (codel_) {
    return {codel.judge(waited, behind, capable, now), DropCause::kCodel, MarkCause::kCodel};
  }
  return {};
}

Instant ClassPolicy::tick_after(Instant now) const {
  const Duration interval = pie_->interval();
  return Instant::at(interval * (now.ps() / interval.ps() + 1));
}

void ClassPolicy::tick(std::uint64_t depth, BitRate rate, Instant now) {
  pie_->update(depth, rate);
  next_tick_ = pie_->active(depth) ? tick_after(now) : Instant::never();
}

}  // namespace longhaul::core
