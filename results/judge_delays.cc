// SPDX-License-Identifier: GPL-2.0-only
#include "results/judge_delays.h"

#include <fmt/format.h>

#include <algorithm>

namespace longhaul::results {
namespace {

// The probes read CLOCK_MONOTONIC, whose rate adjtimex(2) may bend by so much; the data plane's clock is not
// bent.
constexpr std::int64_t kMostSlewPpm = 500;

bool too_early(const OneWayDelay& delay) {
  return delay.residual_ns() < -(delay.expected_ns * kMostSlewPpm / 1'000'000);
}

std::string milliseconds(std::int64_t ns) {
  return fmt::format("{:.3f} ms", static_cast<double>(ns) / 1e6);
}

}  // namespace

DelayFindings check_one_way_delays(const RunRecord& record) {
  DelayFindings findings;
  const HostProbesResult& probes = record.host_probes;
  if (probes.lost_in_all() > 0) {
    findings.noted.push_back(fmt::format(
        "the host probes had no room for {} samples, {} stamps, {} connections and {} frames of flows",
        probes.samples_lost, probes.stamps_lost, probes.connections_lost, probes.flow_frames_lost));
  }
  if (probes.delays.empty() || record.live_changes.count > 0) return findings;
  std::uint64_t frames = 0;
  std::int64_t least = probes.delays.front().residual_ns();
  for (const OneWayDelay& delay : probes.delays) {
    frames += delay.frames;
    least = std::min(least, delay.residual_ns());
    if (!too_early(delay)) continue;
    findings.invalid.push_back(fmt::format("a frame of {} came to {} after {}, its links take {} at least",
                                           delay.flow, delay.to, milliseconds(delay.min_ns),
                                           milliseconds(delay.expected_ns)));
  }
  findings.checked.push_back(
      fmt::format("seen from the hosts, none of {} frames of {} flows came earlier than its links allow "
                  "(by {:+.1f} us at least)",
                  frames, probes.delays.size(), static_cast<double>(least) / 1e3));
  return findings;
}

}  // namespace longhaul::results
