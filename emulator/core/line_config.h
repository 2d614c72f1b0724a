// SPDX-License-Identifier: GPL-2.0-only
//
// What happens to a frame after its last bit was sent, as plain data: loss, bit errors, corruption,
// duplication, propagation with jitter and reordering. Where netem (tc-netem(8)) has a word for something it
// has the same meaning here, unless said otherwise. Validated where it is made (topologies/), taken as given
// here.
//
// A link of several waves has one of these processes for each wave, with random streams and frame counts of
// its own: what is a "frame" below is a frame that this wave carries, counted from 0 in the order of sending.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::core {

namespace loss {

// Each frame is lost with this probability, independently of all others. Exact down to 1e-18.
struct Bernoulli {
  double probability = 0;
  bool operator==(const Bernoulli&) const = default;
};

// Two states, good and bad (Gilbert 1960, Elliott 1963; netem's `gemodel p r 1-h 1-k`). It begins good. A
// frame meets the state in force; after it the state may change, with to_bad from good and to_good from bad.
struct GilbertElliott {
  double to_bad = 0;     // p
  double to_good = 1;    // r
  double loss_bad = 1;   // 1-h
  double loss_good = 0;  // 1-k
  bool operator==(const GilbertElliott&) const = default;
};

// Salsano's four states (netem's `state`): 1 reception, 2 reception within a burst, 3 loss within a burst,
// 4 an isolated loss. It begins in 1. For each frame the state changes first, then a frame in 3 or 4 is lost.
// From 1: to 3 with p13, to 4 with p14. From 2: to 3 with p23. From 3: to 1 with p31, to 2 with p32. From 4
// always to 1. p13 + p14 <= 1 and p31 + p32 <= 1.
struct FourState {
  double p13 = 0, p31 = 1, p32 = 0, p23 = 1, p14 = 0;
  bool operator==(const FourState&) const = default;
};

// Frames first, first + n, first + 2n ... are lost.
struct EveryNth {
  std::uint64_t n = 1;
  std::uint64_t first = 0;
  bool operator==(const EveryNth&) const = default;
};

// The frames at these positions are lost (KauNet's patterns): ascending, without repetition. With `period`
// the pattern starts again after so many frames; then all positions are below it. 0: it does not.
struct Positions {
  std::vector<std::uint64_t> frames;
  std::uint64_t period = 0;
  bool operator==(const Positions&) const = default;
};

}  // namespace loss

// One of the loss models. A plain number is a Bernoulli probability, the common case.
struct LossModel {
  std::variant<loss::Bernoulli, loss::GilbertElliott, loss::FourState, loss::EveryNth, loss::Positions> model;

  LossModel(double probability = 0) : model(loss::Bernoulli{probability}) {}
  LossModel(loss::GilbertElliott m) : model(m) {}
  LossModel(loss::FourState m) : model(m) {}
  LossModel(loss::EveryNth m) : model(m) {}
  LossModel(loss::Positions m) : model(std::move(m)) {}
  bool operator==(const LossModel&) const = default;
};

// How the propagation delay of a frame differs from the constant part. All shapes have mean zero.
enum class JitterShape : std::uint8_t {
  kUniform,       // evenly within +-scale
  kNormal,        // standard deviation `scale`, cut at +-4 of them
  kPareto,        // a Pareto law of index 3, scaled to mean 0 and standard deviation `scale`, then cut at its
                  // 8,191st of 8,192 parts (21.6 x scale), which leaves 0.93 x scale of the deviation
  kParetoNormal,  // netem's mixture of quantiles: a quarter normal, three quarters Pareto
  kTable,         // `table`, as in netem's .dist files
};

struct Jitter {
  Duration scale;  // zero: no jitter; at most 1 s
  JitterShape shape = JitterShape::kUniform;
  // Of neighbouring frames, 0..1 (exclusive), by a Gaussian copula: the shape stays as it is, unlike netem's.
  double correlation = 0;
  // kTable only: the quantile function at evenly spaced probabilities, in units of scale / 8192, ascending.
  std::vector<std::int16_t> table = {};
  bool operator==(const Jitter&) const = default;
};

// Whether a frame may overtake another on the line.
enum class Order : std::uint8_t {
  // Never within a route and a wave: a frame that would is delayed. It arrives after the one before by its
  // own
  // time on the serialiser at least, as over a queue of that rate.
  kKept,
  kFree,  // whenever its delay says so
};

// After gap - 1 frames in their place, each next one is taken out of it with this probability (netem's
// reorder; netem's gap 0 is 1 here). Such a frame arrives without propagation delay, as in netem, or, when
// `hold` is not zero, that much later than it would have, while others pass it.
struct Reorder {
  double probability = 0;
  std::uint32_t gap = 1;
  Duration hold;
  bool operator==(const Reorder&) const = default;
};

// A frame that arrives is followed by a copy with this probability, `extra_delay` later. A copy is not copied
// again, and is neither lost nor corrupted apart from its original.
struct Duplicate {
  double probability = 0;
  Duration extra_delay;
  bool operator==(const Duplicate&) const = default;
};

// Which bits of a frame an error may hit. The header is the first 14 bytes, Ethernet's.
enum class Region : std::uint8_t { kAnywhere, kHeader, kPayload };

// With this probability `bits` distinct-or-equal positions, drawn evenly within the region, are inverted.
struct Corrupt {
  double probability = 0;
  std::uint32_t bits = 1;  // at least 1
  Region region = Region::kAnywhere;
  bool deliver = false;  // false: dropped, as a receiver that checks the FCS would; true: arrives damaged
  bool operator==(const Corrupt&) const = default;
};

// Errors that hit each bit of a frame with this probability, independently: what forward error correction
// leaves. Counted over the L2 bytes and the FCS.
struct BitErrors {
  double rate = 0;
  bool deliver = false;  // false: a frame with an error is dropped; true: it arrives with those bits inverted
  bool operator==(const BitErrors&) const = default;
};

struct LineConfig {
  Jitter jitter;
  Order order = Order::kKept;
  // The delay grows by so much each second from the driver's time zero on, by at most kMostDrift in all.
  std::int64_t drift_ps_per_s = 0;
  static constexpr Duration kMostDrift = Duration::milliseconds(1);
  Reorder reorder;
  Duplicate duplicate;
  Corrupt corrupt;
  BitErrors bit_errors;
  bool operator==(const LineConfig&) const = default;
};

}  // namespace longhaul::core
