// SPDX-License-Identifier: GPL-2.0-only
//
// The receiving end of a link as plain data: a buffer that drains at a rate of its own, and priority flow
// control (IEEE 802.1Qbb, PFC) over the distance. Validated where it is made (topologies/).
#pragma once

#include <array>
#include <cstdint>

#include "emulator/core/queue_config.h"
#include "emulator/core/units.h"

namespace longhaul::core {

// Of one lossless class. The receiver sends XOFF when more than `xoff` waits and XON when no more than `xon`
// does. What arrives in between needs room: xoff + headroom is what the class may hold there.
struct PfcThresholds {
  Bytes xoff, xon, headroom;  // xon <= xoff
  bool operator==(const PfcThresholds&) const = default;
};

enum class WatchdogAction : std::uint8_t {
  kDrop,     // what waits in the class is dropped, and what comes until it is restored
  kForward,  // the pause is ignored until it is restored
};

struct Watchdog {
  Duration detection;    // a class paused for so long is in a storm; zero: no watchdog
  Duration restoration;  // without a pause for so long: as before
  WatchdogAction action = WatchdogAction::kDrop;
  bool operator==(const Watchdog&) const = default;
};

struct Pfc {
  std::uint8_t classes = 0;  // bit c: class c is lossless
  std::array<PfcThresholds, kMostClasses> thresholds{};
  // From the decision at the receiver to its effect at the sender's scheduler: the way back over the link,
  // the pause frame's own serialisation and what it waits behind.
  Duration pause_delay;
  // Pause time field in quanta of 512 bit times at the link's configured rate, and how often an XOFF in force
  // is sent again; zero: at half of its time.
  std::uint16_t quanta = 65'535;
  Duration refresh;
  double lost = 0;  // probability that a pause frame (XOFF or XON) is lost on its way
  Watchdog watchdog;
  bool operator==(const Pfc&) const = default;
};

// With `rate` zero there is no far end: frames are delivered as they arrive.
struct FarEnd {
  BitRate rate;  // at which frames leave the far end's buffer; counts what the link's rate counts
  Bytes buffer;  // for classes that are not lossless, all together
  Pfc pfc;
  bool operator==(const FarEnd&) const = default;
};

}  // namespace longhaul::core
