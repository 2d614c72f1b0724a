// SPDX-License-Identifier: GPL-2.0-only
//
// What the line of one wave does to each frame after its last bit was sent: darkness, black hole, bursts, the
// loss model, bit errors, corruption, and when it arrives: delay, jitter, drift, reordering, copies. Each
// effect reads a random stream of its own and is asked about every frame, also about one that another effect
// has lost: so its outcomes do not depend on which other effects there are.
//
// Logical time only, single owner, no allocation after construction, O(1) plus the bits inverted.
#pragma once

#include <cstdint>

#include "emulator/core/bit_error_process.h"
#include "emulator/core/delay_line.h"
#include "emulator/core/gap_sampler.h"
#include "emulator/core/jitter_source.h"
#include "emulator/core/link_config.h"
#include "emulator/core/loss_process.h"
#include "emulator/core/transmitter.h"

namespace longhaul::core {

// What the timeline may change, the same for all waves.
struct LineState {
  Duration delay;
  bool dark = false, blackhole = false;
  Instant dark_since;
  Instant light_since = Instant::at(Duration::picoseconds(std::numeric_limits<std::int64_t>::min() / 2));
};

class LineEffects {
 public:
  LineEffects(const LinkConfig& config, std::uint32_t wave, StreamOwner owner, std::uint64_t seed);

  // Puts a frame that was sent on `line`, or drops it. `events` is told: line_drop(frame, cause),
  // corrupted(frame), corrupt_bit(frame, bit), and asked for copies: duplicate(frame). At that time
  // position() is the frame's.
  template <typename Events>
  void sent(const Transmitter::Sent& sent, const LineState& state, DelayLine& line, Events&& events);

  // The index of the frame that is being decided on among all that this wave sent.
  std::uint64_t position() const { return sent_ - 1; }

  // A change that the configuration does not know of will come.
  void expect(const Change& change, DelayLine& line);

  void set_loss(double probability) { loss_.set_probability(probability); }
  void lose_next(std::uint64_t frames) { burst_left_ += frames; }

  // No frame that is sent from now on arrives earlier than this after its last bit.
  Duration least_delay(const LineState& state) const;
  // Nor, if its delay is at most `longest`, later than this.
  static Duration most_delay(const LinkConfig& config, Duration longest);
  // Whether frames may leave the line in another order than that of sending.
  static bool reorders(const LinkConfig& config);

 private:
  template <typename Events>
  void sent_with_effects(const Transmitter::Sent& sent, Travelling& frame, bool lost, const LineState& state,
                         DelayLine& line, Events&& events);
  bool dark_during(const Transmitter::Sent& sent, const LineState& state) const {
    return state.dark || state.light_since > sent.start;
  }
  template <typename Events>
  bool bit_errors_drop(const Travelling& frame, bool alive, bool& inverted, Events&& events);
  template <typename Events>
  bool corruption_drops(const Travelling& frame, bool alive, bool& inverted, Events&& events);
  bool takes_out_of_order();
  Duration delay_at(Instant sent, const LineState& state);

  bool plain_;  // loss and a delay, nothing else
  LossProcess loss_;
  std::uint64_t sent_ = 0;
  std::uint64_t burst_left_ = 0;
  Order order_;
  Duration skew_;
  std::int64_t drift_ps_per_s_;
  JitterSource jitter_;
  BitErrorProcess bit_errors_;
  bool bit_errors_deliver_;
  Corrupt corrupt_config_;
  GapSampler corrupt_;
  RandomStream corrupt_bits_;
  Duplicate duplicate_config_;
  GapSampler duplicate_;
  Reorder reorder_;
  WordStream reorder_words_;
  std::uint32_t in_place_ = 0;  // frames since the last one that was taken out of order
};

template <typename Events>
void LineEffects::sent(const Transmitter::Sent& sent, const LineState& state, DelayLine& line,
                       Events&& events) {
  ++sent_;
  const bool lost = loss_.loses_next();
  const Instant due = sent.finish + (state.delay + skew_);
  const std::uint32_t packed = Travelling::pack(sent.traffic_class, sent.frame.ecn(), sent.frame.marked());
  if (plain_ && !lost) [[likely]]
    return line.push_next(sent.frame.cookie, due, sent.frame.size(), packed);
  Travelling frame{sent.frame.cookie, due, sent.frame.size(), packed};
  if (plain_) return events.line_drop(frame, DropCause::kLineLoss);
  sent_with_effects(sent, frame, lost, state, line, events);
}

template <typename Events>
void LineEffects::sent_with_effects(const Transmitter::Sent& sent, Travelling& frame, bool lost,
                                    const LineState& state, DelayLine& line, Events&& events) {
  const bool in_burst = burst_left_ != 0;
  if (in_burst) --burst_left_;
  const bool alive = !dark_during(sent, state) && !state.blackhole && !in_burst && !lost;
  bool inverted = false;
  const bool bad_bits = bit_errors_drop(frame, alive, inverted, events);
  const bool bad_fcs = corruption_drops(frame, alive && !bad_bits, inverted, events);
  const bool aside = takes_out_of_order();
  const Duration delay = delay_at(sent.finish, state);
  const bool copied = duplicate_.hits_next();
  if (!alive) {
    return events.line_drop(frame, dark_during(sent, state) ? DropCause::kOutage
                                   : state.blackhole        ? DropCause::kBlackhole
                                   : in_burst               ? DropCause::kBurst
                                                            : DropCause::kLineLoss);
  }
  if (bad_bits) return events.line_drop(frame, DropCause::kBitError);
  if (bad_fcs) return events.line_drop(frame, DropCause::kBadFcs);
  if (inverted) events.corrupted(frame);

  const bool at_once = aside && reorder_.hold == Duration();
  frame.due = at_once ? sent.finish : sent.finish + delay;
  if (aside) {
    frame.due = frame.due + reorder_.hold;
    line.push_aside(frame, false);
  } else if (order_ == Order::kKept) {
    line.push_kept(frame, sent.finish - sent.start);
  } else {
    line.push(frame);
  }
  if (!copied) return;
  if (const auto cookie = events.duplicate(frame)) {
    frame.cookie = *cookie;
    frame.due = frame.due + duplicate_config_.extra_delay;
    line.push_aside(frame, true);
  }
}

template <typename Events>
bool LineEffects::bit_errors_drop(const Travelling& frame, bool alive, bool& inverted, Events&& events) {
  constexpr std::uint64_t kFcs = 4;
  const std::uint64_t l2_bits = std::uint64_t{frame.size} * 8;
  const bool any = bit_errors_.next_frame(l2_bits + kFcs * 8, [&](std::uint64_t bit) {
    if (!alive || !bit_errors_deliver_ || bit >= l2_bits) return;
    events.corrupt_bit(frame, bit);
    inverted = true;
  });
  return any && !bit_errors_deliver_;
}

template <typename Events>
bool LineEffects::corruption_drops(const Travelling& frame, bool alive, bool& inverted, Events&& events) {
  if (!corrupt_.hits_next()) return false;
  if (!corrupt_config_.deliver || !alive) return true;
  constexpr std::uint64_t kHeaderBits = 14 * 8;
  const std::uint64_t bits = std::uint64_t{frame.size} * 8;
  const std::uint64_t first =
      corrupt_config_.region == Region::kPayload ? std::min(kHeaderBits, bits - 1) : 0;
  const std::uint64_t end = corrupt_config_.region == Region::kHeader ? std::min(kHeaderBits, bits) : bits;
  for (std::uint32_t i = 0; i < corrupt_config_.bits; ++i) {
    const std::uint64_t draw = corrupt_bits_.bits(position() * corrupt_config_.bits + i);
    events.corrupt_bit(frame, first + ((draw >> 32) * (end - first) >> 32));
  }
  inverted = true;
  return false;
}

}  // namespace longhaul::core
