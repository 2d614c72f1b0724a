// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/pause.h"

#include <algorithm>

#include "emulator/core/jitter_source.h"

namespace longhaul::topology {

Duration pause_travel(const core::LinkConfig& back, Bytes largest_frame) {
  constexpr Bytes kPauseFrame{60};
  return back.delay + serialisation_time(core::counted_size(largest_frame, back), back.rate) +
         serialisation_time(core::counted_size(kPauseFrame, back), back.rate);
}

Bytes headroom_needed(const core::LinkConfig& link, Duration pause_delay, Bytes largest_frame) {
  Duration away = link.delay + pause_delay;
  if (!link.waves.skew.empty()) {
    away += *std::max_element(link.waves.skew.begin(), link.waves.skew.end());
  }
  if (link.line.jitter.scale != Duration()) {
    const core::RandomStream any(0, core::StreamOwner{}, core::Effect::kJitter);
    away += core::JitterSource(link.line.jitter, any).most();
  }
  const std::uint64_t frames = std::uint64_t{link.waves.members} + 1;
  return bytes_in(link.rate, away) + Bytes(1) +
         Bytes(frames * core::counted_size(largest_frame, link).count());
}

Duration pause_time(std::uint16_t quanta, BitRate rate) {
  constexpr std::uint64_t kBytesPerQuantum = 64;
  return serialisation_time(Bytes(quanta * kBytesPerQuantum), rate);
}

Duration refresh_period(const core::Pfc& pfc, BitRate rate) {
  return pfc.refresh != Duration() ? pfc.refresh : pause_time(pfc.quanta, rate) / 2;
}

}  // namespace longhaul::topology
