// SPDX-License-Identifier: GPL-2.0-only
//
// A link with priority flow control over so many km of fibre, for the tests that look at it: 4.9 us per km
// one way, and the way back of a pause frame is as long. Class 0 is lossless; sizes count as they are (no
// framing).
#pragma once

#include "emulator/core/link_config.h"

namespace longhaul::testing {

inline constexpr std::uint32_t kSize = 1'000;
// Of a far end that passes nothing on while a test lasts.
inline constexpr BitRate kStopped = BitRate::bits_per_second(1);

inline Duration fibre(std::int64_t km) {
  return Duration::nanoseconds(4'900) * km;
}

inline Duration frame_time(const core::LinkConfig& config) {
  return serialisation_time(core::counted_size(Bytes(kSize), config), config.rate);
}

// A lossless link of so many km whose far end has stopped; the pause comes back over the same distance.
inline core::LinkConfig lossless(std::uint64_t gigabits, std::int64_t km) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(gigabits);
  config.framing = core::Framing::kL2;
  config.buffer = Bytes(50'000'000);
  config.delay = fibre(km);
  config.far_end.rate = kStopped;
  config.far_end.buffer = Bytes(100'000'000);
  config.far_end.pfc.classes = 1;
  config.far_end.pfc.thresholds[0] = {Bytes(100'000), Bytes(50'000), Bytes(10'000'000)};
  config.far_end.pfc.pause_delay = fibre(km) + serialisation_time(Bytes(64), config.rate);
  return config;
}

}  // namespace longhaul::testing
