// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/line_effects.h"

#include <algorithm>

namespace longhaul::core {
namespace {

bool changes_the_line(const Change& change) {
  return change.delay || change.dark || change.blackhole || change.burst != 0;
}

bool has_effects(const LinkConfig& config) {
  const LineConfig& line = config.line;
  const auto in_trace = [](const Trace::Row& row) { return changes_the_line(row.change); };
  const auto in_event = [](const Event& event) { return changes_the_line(event.change); };
  return config.most_background_wait != Duration() || line.jitter.scale != Duration() ||
         line.drift_ps_per_s != 0 || line.reorder.probability > 0 || line.duplicate.probability > 0 ||
         line.corrupt.probability > 0 || line.bit_errors.rate > 0 ||
         std::any_of(config.timeline.trace.rows.begin(), config.timeline.trace.rows.end(), in_trace) ||
         std::any_of(config.timeline.events.begin(), config.timeline.events.end(), in_event);
}

}  // namespace

LineEffects::LineEffects(const LinkConfig& config, std::uint32_t wave, StreamOwner owner, std::uint64_t seed)
    : plain_(!has_effects(config)),
      loss_(config.loss, RandomStream(seed, owner, Effect::kLoss, wave)),
      order_(config.line.order),
      skew_(wave < config.waves.skew.size() ? config.waves.skew[wave] : Duration()),
      drift_ps_per_s_(config.line.drift_ps_per_s),
      jitter_(config.line.jitter, RandomStream(seed, owner, Effect::kJitter, wave)),
      bit_errors_(config.line.bit_errors.rate, RandomStream(seed, owner, Effect::kBitErrors, wave)),
      bit_errors_deliver_(config.line.bit_errors.deliver),
      corrupt_config_(config.line.corrupt),
      corrupt_(config.line.corrupt.probability, RandomStream(seed, owner, Effect::kCorrupt, wave)),
      corrupt_bits_(seed, owner, Effect::kCorruptBits, wave),
      duplicate_config_(config.line.duplicate),
      duplicate_(config.line.duplicate.probability, RandomStream(seed, owner, Effect::kDuplicate, wave)),
      reorder_(config.line.reorder),
      reorder_words_(RandomStream(seed, owner, Effect::kReorder, wave)) {}

bool LineEffects::takes_out_of_order() {
  if (reorder_.probability <= 0) return false;
  const bool taken = in_place_ + 1 >= reorder_.gap && reorder_words_.uniform() <= reorder_.probability;
  in_place_ = taken ? 0 : in_place_ + 1;
  return taken;
}

Duration LineEffects::delay_at(Instant sent, const LineState& state) {
  Duration delay = state.delay + skew_;
  if (!jitter_.none()) delay += jitter_.next();
  if (drift_ps_per_s_ != 0) {
    __extension__ using Wide = __int128;
    constexpr std::int64_t kPicosecondsPerSecond = 1'000'000'000'000;
    const Wide drift = static_cast<Wide>(drift_ps_per_s_) * sent.ps() / kPicosecondsPerSecond;
    const Wide most = LineConfig::kMostDrift.ps();
    delay += Duration::picoseconds(static_cast<std::int64_t>(std::clamp(drift, -most, most)));
  }
  return std::max(delay, Duration());
}

Duration LineEffects::least_delay(const LineState& state) const {
  const bool any = drift_ps_per_s_ < 0 || (reorder_.probability > 0 && reorder_.hold == Duration());
  if (any) return {};
  const Duration delay = state.delay + skew_;
  return std::max(Duration(), jitter_.none() ? delay : delay + jitter_.least());
}

Duration LineEffects::most_delay(const LinkConfig& config, Duration longest) {
  const JitterSource jitter(config.line.jitter, RandomStream(0, {}, Effect::kJitter));
  const Duration copies =
      config.line.duplicate.probability > 0 ? config.line.duplicate.extra_delay : Duration();
  const Duration held = config.line.reorder.probability > 0 ? config.line.reorder.hold : Duration();
  const Duration drift = config.line.drift_ps_per_s > 0 ? LineConfig::kMostDrift : Duration();
  const auto& skew = config.waves.skew;
  const Duration skewed = skew.empty() ? Duration() : *std::max_element(skew.begin(), skew.end());
  return longest + drift + skewed + (jitter.none() ? Duration() : std::max(Duration(), jitter.most())) +
         copies + held;
}

bool LineEffects::reorders(const LinkConfig& config) {
  const auto new_route = [](const auto& entry) { return entry.change.new_route; };
  const bool free_jitter = config.line.order == Order::kFree && has_effects(config);
  const bool may_get_a_new_route = config.reserve != Reserve{};
  return free_jitter || may_get_a_new_route || config.line.reorder.probability > 0 ||
         config.line.duplicate.probability > 0 ||
         std::any_of(config.timeline.trace.rows.begin(), config.timeline.trace.rows.end(), new_route) ||
         std::any_of(config.timeline.events.begin(), config.timeline.events.end(), new_route);
}

void LineEffects::expect(const Change& change, DelayLine& line) {
  if (!plain_ || !changes_the_line(change)) return;
  plain_ = false;
  line.end_of_plain_line();
}

}  // namespace longhaul::core
