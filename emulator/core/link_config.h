// SPDX-License-Identifier: GPL-2.0-only
//
// What one direction of a link does to frames, as plain data. Validated where it is made (topologies/), taken
// as given here. The two directions of a link are two of these, and nothing ties them together.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/core/far_end_config.h"
#include "emulator/core/line_config.h"
#include "emulator/core/queue_config.h"
#include "emulator/core/timeline.h"
#include "emulator/core/units.h"

namespace longhaul::core {

// Which bytes of a frame use up the rate. Sizes elsewhere are always L2: from the destination address to the
// end of the payload, without FCS.
enum class Framing : std::uint8_t {
  kL2,    // the frame as it is, nothing added
  kWire,  // IEEE 802.3: padded to 60 B, + 4 B FCS + 8 B preamble and SFD + 12 B inter-frame gap
};

constexpr Bytes framed_size(Bytes l2, Framing framing) {
  constexpr Bytes kMinimumWithoutFcs{60};
  constexpr Bytes kFcsPreambleGap{24};
  if (framing == Framing::kL2) return l2;
  return (l2 < kMinimumWithoutFcs ? kMinimumWithoutFcs : l2) + kFcsPreambleGap;
}

// A link as k parallel members, each with its share of the rate, a serialiser and a line of its own; they
// share the buffer. A flow stays on one member: flow hash modulo the number of members that are up.
struct Waves {
  std::uint32_t members = 1;        // 1..16
  std::vector<Duration> skew = {};  // added to the delay of each member; empty: none
  bool operator==(const Waves&) const = default;
};

// The most that changes while it runs may set, beyond what the configuration and its timeline say themselves.
// With any of it there is room for frames of a new route that overtake those of the old one.
struct Reserve {
  BitRate rate = {};
  Duration delay = {};
  Bytes buffer = {};
  bool operator==(const Reserve&) const = default;
};

struct LinkConfig {
  BitRate rate;                      // of the serialiser; not zero
  Framing framing = Framing::kWire;  // which bytes `rate` counts
  Bytes buffer;                      // L2 bytes that may wait for the serialiser; >= the largest frame
  Duration delay;                    // propagation, from a frame's last bit sent to its last bit received
  LossModel loss = {};               // on the line: after the serialiser
  Bytes overhead = {};               // added to each frame on the line, e.g. 32 B of MACsec (802.1AE)
  LineConfig line = {};
  QueueConfig queues = {};
  FarEnd far_end = {};
  Waves waves = {};
  Timeline timeline = {};
  Reserve reserve = {};
  Duration most_background_wait = {};  // that a Background may ask for; zero: none will come

  bool operator==(const LinkConfig&) const = default;
};

// What is in force at an instant, whatever it began with.
struct LinkState {
  BitRate rate;
  Duration delay;  // the constant part
  Bytes buffer;
  bool dark = false, blackhole = false;
  Background background = {};
};

// Bytes of `l2` that use up the rate of a link.
constexpr Bytes counted_size(Bytes l2, const LinkConfig& config) {
  return framed_size(l2 + config.overhead, config.framing);
}

}  // namespace longhaul::core
