// SPDX-License-Identifier: GPL-2.0-only
//
// What one direction of a link does to frames, as plain data. Validated where it is made (topologies/), taken
// as given here. The two directions of a link are two of these, and nothing ties them together.
#pragma once

#include <cstdint>

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

struct LinkConfig {
  BitRate rate;                      // of the serialiser; not zero
  Framing framing = Framing::kWire;  // which bytes `rate` counts
  Bytes buffer;                      // L2 bytes that may wait for the serialiser; >= the largest frame
  Duration delay;                    // propagation, from a frame's last bit sent to its last bit received
  double loss = 0;                   // probability that the line loses a frame, 0..1; after the serialiser

  bool operator==(const LinkConfig&) const = default;
};

}  // namespace longhaul::core
