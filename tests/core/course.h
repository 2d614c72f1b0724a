// SPDX-License-Identifier: GPL-2.0-only
//
// A link in virtual time together with all that became of the frames offered to it, for tests that look at
// whole runs. Frames are numbered from 0 in the order of their offer; that number is their cookie. Copies get
// cookies from kFirstCopy on and remember their original. Drives core::Link by its public verbs only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "emulator/core/link.h"

namespace longhaul::testing {

inline constexpr Bytes kLargestFrame{9'018};
inline constexpr std::uint64_t kFirstCopy = std::uint64_t{1} << 40;

inline constexpr Instant at_ps(std::int64_t ps) {
  return Instant::at(Duration::picoseconds(ps));
}
inline constexpr Instant at_us(std::int64_t us) {
  return Instant::at(Duration::microseconds(us));
}

// What a driver would have read from a frame's headers.
struct Headers {
  std::uint32_t flow = 0;
  std::uint8_t pcp = 0;
  core::Ecn ecn = core::Ecn::kNotCapable;
};

class Course {
 public:
  struct Arrival {
    std::uint64_t cookie;
    Instant due;
    std::uint32_t size;
    std::uint32_t flow;
    bool marked;
  };
  struct Drop {
    std::uint64_t cookie;
    core::DropCause cause;
  };
  struct Flip {
    std::uint64_t cookie;
    std::uint64_t bit;
  };

  explicit Course(const core::LinkConfig& config, std::uint64_t seed = 1, core::StreamOwner owner = {})
      : link_(config, kLargestFrame, owner, seed) {}

  std::uint64_t offer(Instant at, std::uint32_t size, const Headers& headers = {}) {
    core::Frame frame;
    frame.cookie = flows_.size();
    frame.at = at;
    frame.size = size;
    frame.flow = headers.flow;
    frame.pcp = headers.pcp;
    frame.ecn = headers.ecn;
    flows_.push_back(headers.flow);
    link_.push(std::span<const core::Frame>(&frame, 1), *this);
    return frame.cookie;
  }

  void run_until(Instant now) { link_.advance(now, *this); }

  // The neighbour behind the far end pauses class 0.
  void pause_far_end(std::uint16_t quanta, Instant at) { link_.pause_far_end(1, {quanta}, at, *this); }

  // Until nothing is held any more.
  void finish() {
    while (link_.counters().held.frames > 0 && link_.next_event() != Instant::never()) {
      link_.advance(link_.next_event(), *this);
    }
  }

  core::LinkCounters counters() const { return link_.counters(); }
  std::uint64_t queue_bytes() const { return link_.queue_bytes(); }
  Instant next_event() const { return link_.next_event(); }
  std::uint64_t offered() const { return flows_.size(); }
  std::uint64_t dropped(core::DropCause cause) const {
    return counters().dropped[static_cast<std::size_t>(cause)].frames;
  }

  // When each offered frame arrived; Instant::never() for those that did not.
  std::vector<Instant> due_times() const {
    std::vector<Instant> due(offered(), Instant::never());
    for (const Arrival& arrival : arrivals) {
      if (arrival.cookie < kFirstCopy) due[arrival.cookie] = arrival.due;
    }
    return due;
  }

  // The sink.
  void deliver(const core::Frame& frame, Instant due) {
    const std::uint32_t flow = frame.cookie < kFirstCopy ? flows_.at(frame.cookie) : 0;
    arrivals.push_back({frame.cookie, due, frame.size, flow, frame.marked});
  }
  void drop(const core::Frame& frame, core::DropCause cause) { drops.push_back({frame.cookie, cause}); }
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
    originals.push_back(frame.cookie);
    return kFirstCopy + originals.size() - 1;
  }
  void corrupt(const core::Frame& frame, std::uint64_t bit) { flips.push_back({frame.cookie, bit}); }

  std::vector<Arrival> arrivals;  // in the order of their delivery
  std::vector<Drop> drops;
  std::vector<Flip> flips;
  std::vector<std::uint64_t> originals;  // of copy kFirstCopy + i

 private:
  core::Link link_;
  std::vector<std::uint32_t> flows_;  // by cookie: a link does not hand them back
};

// A line that only loses: 60 B frames at 400 Gbit/s, a nanosecond of propagation.
inline core::LinkConfig bare_line() {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(400);
  config.buffer = Bytes(100'000);
  config.delay = Duration::nanoseconds(1);
  return config;
}

// Which of `frames` frames, sent one after the other in bursts of 64, did not arrive.
inline std::vector<bool> lost_frames(const core::LinkConfig& config, std::uint64_t frames, std::uint64_t seed,
                                     core::StreamOwner owner = {}, std::uint32_t size = 60) {
  struct Sink {
    std::vector<bool> lost;
    void deliver(const core::Frame& frame, Instant) { lost[frame.cookie] = false; }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };
  Sink sink{std::vector<bool>(frames, true)};
  core::Link link(config, kLargestFrame, owner, seed);
  const Duration spacing = serialisation_time(core::counted_size(Bytes(size), config), config.rate);
  std::vector<core::Frame> burst;
  for (std::uint64_t i = 0; i < frames; ++i) {
    core::Frame frame;
    frame.cookie = i;
    frame.at = Instant::at(spacing * static_cast<std::int64_t>(i));
    frame.size = size;
    burst.push_back(frame);
    if (burst.size() == 64 || i + 1 == frames) {
      link.push(burst, sink);
      burst.clear();
    }
  }
  while (link.next_event() != Instant::never()) link.advance(link.next_event(), sink);
  return sink.lost;
}

}  // namespace longhaul::testing
