// SPDX-License-Identifier: GPL-2.0-only
//
// How frames wait for the serialiser, as plain data: classes, scheduler, limits of the shared buffer, active
// queue management. Validated where it is made (topologies/), taken as given here. Sizes are L2 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::core {

inline constexpr std::size_t kMostClasses = 8;

namespace aqm {

struct None {
  bool operator==(const None&) const = default;
};

// Random early detection by depth of the class queue (Floyd and Jacobson 1993; WRED's Kmin, Kmax, Pmax): none
// up to `min`, all above `max`, max_probability x (depth - min) / (max - min) between. Depth is what waits
// when a frame is judged, itself not counted.
struct Red {
  Bytes min, max;  // min <= max
  double max_probability = 1;
  // 0: by the instantaneous depth. n > 0: by its moving average with weight 2^-n per arrival, which decays
  // while the queue is empty as if frames of 1,500 B had passed.
  unsigned average_shift = 0;
  bool ecn = true;          // mark frames that are capable (RFC 3168), drop the others; false: drop all
  bool at_dequeue = false;  // judge (and mark or drop) when a frame leaves the queue instead of enters it
  bool operator==(const Red&) const = default;
};

// RFC 8289, by the time that frames waited.
struct Codel {
  Duration target = Duration::milliseconds(5), interval = Duration::milliseconds(100);
  bool ecn = true;
  bool operator==(const Codel&) const = default;
};

// RFC 8033, queueing delay = bytes waiting / rate. ECN marks up to a drop probability of 10 %, drops above.
struct Pie {
  Duration target = Duration::milliseconds(15), update = Duration::milliseconds(15);
  double alpha = 0.125, beta = 1.25;  // per second of delay
  Duration burst = Duration::milliseconds(150);
  bool ecn = true;
  bool operator==(const Pie&) const = default;
};

}  // namespace aqm

using Aqm = std::variant<aqm::None, aqm::Red, aqm::Codel, aqm::Pie>;

// One traffic class. Of several limits the first that is met holds. 0 (or zero) is no limit of that kind.
struct ClassConfig {
  // Strict classes go first, the one with the highest number before the others; the rest share what is left
  // by deficit round robin (Shreedhar and Varghese 1995) in proportion to their weight.
  bool strict = false;
  std::uint32_t weight = 1;  // 1..64
  Bytes limit_bytes;
  std::uint64_t limit_frames = 0;
  Duration limit_time;  // bytes that the rate carries in it, all classes' rate taken as one
  Duration time_cap;    // a frame that has waited longer is dropped when its turn comes (a VOQ time cap)
  Bytes reserved;       // part of the buffer that only this class may use
  // Above its reserved part a class may hold at most alpha x (what is free of the shared part): dynamic
  // thresholds (Choudhury and Hahne 1998). 0: as much as is free.
  double alpha = 0;
  Aqm aqm = aqm::None{};
  bool operator==(const ClassConfig&) const = default;
};

// A deep buffer in two tiers: a small one on the chip, a large one beside it that is reached at `bandwidth`
// in each direction. Part of the chip, `staging`, is for frames on their way out, until they are written. A
// class spills when the rest of the chip is full and stays out until its outer part has drained. A frame that
// was out is sent no faster than it is read.
struct TwoTier {
  Bytes on_chip;      // of the buffer; 0: one tier
  BitRate bandwidth;  // not zero when on_chip is not
  Bytes staging;      // of on_chip, less than it; 0: a quarter
  bool operator==(const TwoTier&) const = default;
};

enum class ClassKey : std::uint8_t { kNone, kPcp, kDscp };

struct QueueConfig {
  std::vector<ClassConfig> classes = {ClassConfig{}};  // 1..8
  ClassKey key = ClassKey::kNone;
  std::array<std::uint8_t, 8> class_of_pcp{};    // kPcp: by 802.1Q priority; untagged frames have 0
  std::array<std::uint8_t, 64> class_of_dscp{};  // kDscp: by DSCP (RFC 2474); frames without IP have 0
  TwoTier tiers;
  bool operator==(const QueueConfig&) const = default;
};

}  // namespace longhaul::core
