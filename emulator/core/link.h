// SPDX-License-Identifier: GPL-2.0-only
//
// One direction of a long-haul link: buffer -> serialiser -> line loss -> propagation, with exact accounting.
//
// A pure object in logical time: frames go in with the time at which they came, they come out with the time
// at which they are due, and nothing depends on when or how often it is called. The DPDK loop drives it with
// the TSC, ns-3 with virtual time, a test with a variable. All stages are FIFO, so order is kept. At every
// return: counters().conserved(). Single owner; no clock, no allocation after construction, O(1) per frame.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "emulator/core/bernoulli_loss.h"
#include "emulator/core/counters.h"
#include "emulator/core/delay_line.h"
#include "emulator/core/frame.h"
#include "emulator/core/link_config.h"
#include "emulator/core/random.h"
#include "emulator/core/transmitter.h"

namespace longhaul::core {

// The most that a link of this configuration can hold at once; drivers size their frame storage by it.
struct LinkCapacity {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // L2
};
// `largest_frame`: the largest that will ever be offered, in L2 bytes.
LinkCapacity capacity_of(const LinkConfig& config, Bytes largest_frame);

class Link {
 public:
  // Allocates for the most that can be held. `owner` and `seed` pick the random streams.
  Link(const LinkConfig& config, Bytes largest_frame, StreamOwner owner, std::uint64_t seed);

  // Offers frames in order of arrival. What is due up to each arrival leaves through `sink` first, so a frame
  // finds the buffer as it is at its own time. An `at` before an earlier one counts as that earlier one.
  template <FrameSink Sink>
  void push(std::span<const Frame> burst, Sink&& sink) {
    for (Frame frame : burst) {
      if (frame.at < latest_) frame.at = latest_;
      advance(frame.at, sink);
      counters_.in.add(frame.size);
      if (!transmitter_.push(frame)) {
        count_drop(frame, DropCause::kQueueFull);
        sink.drop(frame, DropCause::kQueueFull);
        continue;
      }
      counters_.held.add(frame.size);
      start_frames(frame.at, sink);
      note_queue();
    }
  }

  // Lets time pass: every frame due at or before `now` leaves through `sink`, in order of its due time.
  template <FrameSink Sink>
  void advance(Instant now, Sink&& sink) {
    if (now > latest_) latest_ = now;
    start_frames(now, sink);
    line_.advance(now, [&](const Frame& frame, Instant due) {
      counters_.held.remove(frame.size);
      counters_.out.add(frame.size);
      sink.deliver(frame, due);
    });
  }

  // The earliest time at which advance() has something to do; Instant::never() when nothing is held.
  Instant next_event() const { return std::min(transmitter_.next_event(), line_.next_event()); }

  const LinkCounters& counters() const { return counters_; }

  // Most bytes that waited at once since the last call; for time series.
  std::uint64_t take_interval_peak() {
    const std::uint64_t peak = interval_peak_;
    interval_peak_ = counters_.queue_bytes;
    return peak;
  }

 private:
  template <FrameSink Sink>
  void start_frames(Instant now, Sink&& sink) {
    transmitter_.advance(now, [&](const Frame& frame, Instant sent) {
      if (loss_.loses_next()) {
        counters_.held.remove(frame.size);
        count_drop(frame, DropCause::kLineLoss);
        sink.drop(frame, DropCause::kLineLoss);
      } else {
        line_.push(frame, sent);
      }
    });
    counters_.queue_bytes = transmitter_.waiting_bytes();
  }

  void count_drop(const Frame& frame, DropCause cause) {
    counters_.dropped[static_cast<std::size_t>(cause)].add(frame.size);
  }

  void note_queue() {
    counters_.queue_peak_bytes = std::max(counters_.queue_peak_bytes, counters_.queue_bytes);
    interval_peak_ = std::max(interval_peak_, counters_.queue_bytes);
  }

  Transmitter transmitter_;
  BernoulliLoss loss_;
  DelayLine line_;
  Instant latest_;  // the link's time never goes back
  std::uint64_t interval_peak_ = 0;
  LinkCounters counters_;
};

}  // namespace longhaul::core
