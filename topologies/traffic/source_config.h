// SPDX-License-Identifier: GPL-2.0-only
//
// What somebody else sends, as plain data. Validated where it is made (scenarios/), taken as given here.
// Rates and sizes are L2: from the destination address to the end of the payload, without FCS.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "emulator/core/units.h"
#include "topologies/traffic/profile.h"
#include "topologies/traffic/size_law.h"

namespace longhaul::traffic {

// Packets evenly apart.
struct Constant {
  BitRate rate;
  bool operator==(const Constant&) const = default;
};

// Independent exponential times between packets.
struct Poisson {
  BitRate rate;
  bool operator==(const Poisson&) const = default;
};

// Packets evenly apart while it is on, none while it is off; how long each lasts is drawn, exponential or
// Pareto of index `shape` (many such sources together are self-similar: Willinger et al., SIGCOMM '95).
struct OnOff {
  enum class Law : std::uint8_t { kExponential, kPareto };
  BitRate rate;      // while on
  Duration on, off;  // means
  Law law = Law::kExponential;
  double shape = 1.5;  // above 1, so that there is a mean
  bool operator==(const OnOff&) const = default;
};

// Flows begin as a Poisson process, often enough for the mean rate; each is sent at `peak` from its begin on,
// whatever other flows do.
struct Flows {
  BitRate rate, peak;
  SizeLaw sizes;
  bool operator==(const Flows&) const = default;
};

// Every `period`, from the start on, each sender has `burst` ready at one instant.
struct Incast {
  std::uint32_t senders = 8;
  Bytes burst;  // of each
  Duration period;
  bool operator==(const Incast&) const = default;
};

// Takes what is left, up to a fair share for each of its flows: not arrivals but a rule (max_min.h).
struct Bulk {
  std::uint32_t flows = 1;
  bool operator==(const Bulk&) const = default;
};

using Kind = std::variant<Constant, Poisson, OnOff, Flows, Incast, Bulk>;
inline constexpr std::string_view kKindNames[] = {"constant", "poisson", "on-off", "flows", "incast", "bulk"};

struct SourceConfig {
  Kind kind = Poisson{};
  std::uint32_t packet = 1'500;  // bytes; kLeastPacket at least
  // Scales the rate while on, the rate at which flows begin, or how often bursts come; of bulk, nothing.
  Profile profile;
  Instant start;                    // nothing arrives at or before it, but an incast's first burst
  Instant stop = Instant::never();  // nothing arrives at or after it

  bool operator==(const SourceConfig&) const = default;
};

// In bits per second over a long time, at a profile of 1; 0 for bulk.
double mean_rate(const SourceConfig& config);

}  // namespace longhaul::traffic
