// SPDX-License-Identifier: GPL-2.0-only
//
// Which classes priority flow control (IEEE 802.1Qbb) holds back at a sender, until when, and the watchdog
// that ends a pause which does not end. Single owner, no allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "emulator/core/far_end_config.h"
#include "emulator/core/units.h"

namespace longhaul::core {

// How long a pause of so many quanta lasts: 512 bit times each, rounded up to a picosecond.
constexpr Duration pause_time(std::uint16_t quanta, BitRate rate) {
  constexpr std::uint64_t kBytesPerQuantum = 512 / 8;
  return serialisation_time(Bytes(quanta * kBytesPerQuantum), rate);
}

class PauseState {
 public:
  explicit PauseState(const Watchdog& watchdog = {}) : watchdog_(watchdog) {}

  // A pause of one class takes effect, or is renewed.
  void pause(std::size_t traffic_class, Instant until, Instant now);
  // It ends.
  void resume(std::size_t traffic_class, Instant now);

  // Classes that may not be served; bit c: class c.
  unsigned held() const { return held_; }
  // Classes whose frames are to be dropped, by the watchdog.
  unsigned dropping() const { return dropping_; }

  // When a pause runs out, the watchdog acts or its action ends; Instant::never() when nothing will.
  Instant next_event() const { return next_; }
  // What happens at next_event(). Returns the classes for which the watchdog acts now.
  unsigned expire(Instant now);

  // Time for which a class was paused, the watchdog's action included, up to `now`.
  Duration paused_for(std::size_t traffic_class, Instant now) const {
    const Class& c = classes_[traffic_class];
    return c.paused ? c.total + (now - c.since) : c.total;
  }

 private:
  struct Class {
    bool paused = false, acted = false;  // acted: the watchdog overrides the pause
    Instant until, since;
    Instant restore_from;  // the last XOFF, or when the watchdog acted
    Duration total;
  };
  void update();

  Watchdog watchdog_;
  std::array<Class, kMostClasses> classes_{};
  unsigned held_ = 0, dropping_ = 0;
  Instant next_ = Instant::never();
};

}  // namespace longhaul::core
