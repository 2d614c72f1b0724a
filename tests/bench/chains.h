// SPDX-License-Identifier: GPL-2.0-only
//
// The link configurations that the benchmarks measure: the least that a link can do, and all of it at once.
#pragma once

#include "emulator/core/link_config.h"

namespace longhaul::bench {

inline constexpr BitRate kRate = BitRate::gigabits_per_second(400);

inline core::LinkConfig fixed_chain() {
  core::LinkConfig config;
  config.rate = kRate;
  config.buffer = Bytes(16 << 20);
  return config;
}

// Eight classes in a shared buffer with dynamic thresholds and ECN by queue depth, four waves with flow
// hashing, Gilbert-Elliott loss and normal jitter.
inline core::LinkConfig whole_chain() {
  core::LinkConfig config = fixed_chain();
  config.loss = core::loss::GilbertElliott{1e-5, 0.1, 1, 0};
  config.line.jitter.scale = Duration::nanoseconds(50);
  config.line.jitter.shape = core::JitterShape::kNormal;
  core::ClassConfig one;
  one.alpha = 1;
  one.aqm = core::aqm::Red{Bytes(400'000), Bytes(1'600'000), 0.1};
  config.queues.classes.assign(core::kMostClasses, one);
  config.queues.key = core::ClassKey::kPcp;
  for (std::uint8_t pcp = 0; pcp < 8; ++pcp) config.queues.class_of_pcp[pcp] = pcp;
  config.waves.members = 4;
  return config;
}

}  // namespace longhaul::bench
