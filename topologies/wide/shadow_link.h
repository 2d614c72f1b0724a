// SPDX-License-Identifier: GPL-2.0-only
//
// One direction of a link in the shadow: a core::Link slowed down by k that modelled frames and the real load
// share, and, beside it, the queue that the modelled frames would make alone. From the first comes what they
// take of the rate; from the second what a real frame waits behind them, and how many they drop or mark: what
// the real load adds to that, the real link's own queue does (emulator/core/background.h says why these add
// up). No ns-3, no clock: driven in ticks. Single owner.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "emulator/core/background.h"
#include "emulator/core/link.h"
#include "topologies/wide/shadow_queue.h"

namespace longhaul::wide {

// A frame that passed the serialiser of a modelled link at `at`; of stream `stream` of it.
struct PassedFrame {
  Instant at;
  std::uint32_t size = 0, stream = 0;
};

class ShadowLink {
 public:
  struct Stream {
    std::uint32_t packet = 1'500;  // L2 bytes
    bool smooth = true;            // but for the chance of single packets: what it brings can be expected
    bool elastic = false;          // backs off: nobody waits behind it
  };
  // Stream streams.size() is the real load.
  ShadowLink(const core::LinkConfig& config, std::vector<Stream> streams, Bytes largest_frame,
             std::uint32_t k, core::StreamOwner owner, std::uint64_t seed);

  // The tick that ends at `end`: its frames in order of time, each with its stream for a cookie, and what is
  // to be expected of each stream, in L2 bytes that are not slowed down; that is replaced by what passes.
  void run(std::span<const core::Frame> arrivals, std::span<double> expected, Instant end,
           std::vector<PassedFrame>& passed);

  // Since the last call.
  struct Interval {
    core::Background background;
    double carried = 0;    // of the rate, by modelled frames
    double real = 0;       // of the rate, offered
    double inelastic = 0;  // of the rate, expected of modelled frames that do not back off
  };
  Interval take_interval(Instant now);

  BitRate rate() const;  // not slowed down, now
  core::LinkCounters counters() const { return shared_.counters(); }

 private:
  struct SharedSink;
  struct AloneSink;

  // Frames that met the queue alone, of smooth streams and of the others.
  struct Met {
    std::uint64_t arrived = 0, lost = 0, marked = 0;
  };
  using MetAlone = std::array<Met, 2>;  // [smooth]
  void meet_alone(const core::Frame& frame, double service, double room);
  void expect(std::span<double> expected, double tick, double room);
  double unslowed(double fluid, double packets) const {
    return packets > fluid ? fluid + (packets - fluid) / k_ : packets;
  }
  double seconds_per_byte(std::size_t stream, BitRate rate) const;

  core::LinkConfig config_;  // slowed down
  std::vector<Stream> streams_;
  std::uint32_t k_;
  core::Link shared_;
  std::optional<core::Link> alone_;  // only where there is queue management
  WorkQueue packets_alone_, fluid_alone_;
  FluidQueue fluid_shared_;
  std::vector<double> work_;  // of a tick, by stream

  // Of the interval.
  Instant since_, tick_began_;
  double carried_ = 0, real_ = 0;           // seconds on the slowed-down line
  double expected_ = 0, inelastic_ = 0;     // seconds
  MetAlone met_;                            // smooth: of the interval; others: of the tick
  double burst_loss_ = 0, burst_mark_ = 0;  // of others, share x s
};

}  // namespace longhaul::wide
