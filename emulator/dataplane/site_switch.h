// SPDX-License-Identifier: GPL-2.0-only
//
// The switch of one site: which way a frame goes. A learning bridge after IEEE 802.1Q without VLANs or
// spanning tree: it learns source addresses, forwards to the port where the destination was seen, floods what
// it does not know, never sends a frame back where it came from, and does not forward the reserved group
// addresses 01:80:C2:00:00:0X (pause frames, LLDP, ...). Flooding is bounded by a token bucket (storm
// control), so that a chatty host cannot fill every link.
//
// Decides only; moves no bytes. Ports are numbered by the caller. Logical time, single owner, no allocation
// after construction; O(1).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::dataplane {

// A 48-bit address as a number: the first byte on the wire is the most significant.
using MacAddress = std::uint64_t;

struct SwitchCounters {  // one of these per frame that came in
  std::uint64_t forwarded = 0;
  std::uint64_t flooded = 0;
  std::uint64_t filtered = 0;       // destination behind the same port, reserved group, runt or bad source
  std::uint64_t storm_limited = 0;  // would have been flooded, over the limit
};

struct FloodLimit {
  std::uint32_t per_second = 2'000;
  std::uint32_t burst = 1'000;
};

class SiteSwitch {
 public:
  using Port = std::uint16_t;
  enum class Action : std::uint8_t { kForward, kFlood, kFilter };
  struct Decision {
    Action action;
    Port port = 0;  // kForward only
  };

  explicit SiteSwitch(FloodLimit limit = {});

  // Decides on a frame that came in at `in`, learns its source and counts it.
  Decision decide(std::span<const std::byte> frame, Port in, Instant now);

  const SwitchCounters& counters() const { return counters_; }

  static constexpr std::size_t kAddresses = 4'096;             // learned at most; further ones are flooded to
  static constexpr Duration kAgeing = Duration::seconds(300);  // 802.1Q default

 private:
  struct Entry {
    MacAddress address = 0;  // 0: free
    Instant seen;
    Port port = 0;
  };
  Entry* find(
      MacAddress address);  // its entry, or the free one where it would go; nullptr when there is none
  void learn(MacAddress address, Port port, Instant now);
  bool may_flood(Instant now);

  std::vector<Entry> table_;
  std::size_t learned_ = 0;
  FloodLimit limit_;
  std::uint64_t tokens_ps_;  // unspent time: one flood costs 1 s / per_second
  Instant refilled_;
  SwitchCounters counters_;
};

}  // namespace longhaul::dataplane
