// SPDX-License-Identifier: GPL-2.0-only
//
// A frame as the link core sees it: a size, a time and a cookie. The bytes belong to the driver, which finds
// them by the cookie; the core never looks at them.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"

namespace longhaul::core {

// The ECN field of an IP header (RFC 3168); frames without one are kNotCapable.
enum class Ecn : std::uint8_t { kNotCapable = 0, kCapable1 = 1, kCapable0 = 2, kExperienced = 3 };

struct Frame {
  std::uint64_t cookie = 0;  // the driver's own, handed back untouched
  // Offered: when its last bit reached this link, logical time, not when a loop ran. Handed back: when it
  // leaves the link.
  Instant at;
  std::uint32_t size = 0;  // L2 bytes without FCS, at least an Ethernet header (14)
  // What the driver read from the headers; a link that does not ask (needs_headers()) is content with zeros.
  // Handed back, all but ecn are zero.
  std::uint32_t flow = 0;  // a hash of the flow; frames of one flow have the same
  std::uint8_t pcp = 0;    // 802.1Q priority, 0..7
  std::uint8_t dscp = 0;   // 0..63
  Ecn ecn = Ecn::kNotCapable;
  // 0..7: the traffic class that it waits in, if the link has it, whatever pcp and dscp say; 0xFF: theirs.
  std::uint8_t forced_class = 0xFF;
  bool marked = false;  // handed back: the link made it kExperienced, which the driver writes into the bytes
};
static_assert(sizeof(Frame) == 32);

// Where a link puts frames that leave it; from that call on the driver owns the frame again.
template <typename S>
concept FrameSink = requires(S sink, const Frame& frame, Instant due, DropCause cause, std::uint64_t bit) {
  sink.deliver(frame, due);  // reached the far end at `due`
  sink.drop(frame, cause);   // will not
  // A cookie for a copy of a frame that the link goes on holding; nothing when the driver has no room (which
  // it counts).
  { sink.duplicate(frame) } -> std::convertible_to<std::optional<std::uint64_t>>;
  sink.corrupt(frame, bit);  // invert bit `bit` of a frame that the link goes on holding; 0: first byte's MSB
};

// One that wants to be told of frames a little before they leave, so that it can fetch their memory.
template <typename S>
concept ForesightedSink = requires(S sink, std::uint64_t cookie) {
  sink.expect(cookie);
};

}  // namespace longhaul::core
