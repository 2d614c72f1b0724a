// SPDX-License-Identifier: GPL-2.0-only
//
// One-way delays from stamps of the same frames where they left one host and where they came to another; both
// hosts share the kernel and so the clock. The stamp at the sender is taken ahead of its queueing discipline,
// so a wait in the host's own queue is part of the delay, as it is for a real host's applications. Two frames
// that look alike while the first is still under way cannot be told apart: both are left out and counted.
// Bounded in memory. Times in nanoseconds of CLOCK_MONOTONIC. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/core/units.h"
#include "nic/probes/flow_id.h"
#include "nic/probes/probe_records.h"
#include "results/histogram.h"

namespace longhaul::nic {

struct FlowDelay {
  FlowId flow;
  std::uint32_t from = 0, to = 0;  // hosts; `to` is where its last frame came in
  std::uint64_t stamped = 0;       // frames chosen where they left
  std::uint64_t matched = 0;       // of those, seen at the other end; each once
  std::uint64_t duplicates = 0;    // seen there again
  std::uint64_t lost = 0;          // not seen there within the longest delay
  std::uint64_t ambiguous = 0;     // looked alike
  Duration min, p50, p99, max;     // of the matched; p50 and p99 at most 1/32 too high
};

// Stamps that did not become a delay of a flow.
struct DelayLosses {
  // Came in, but no stamp says that they left: as the later segments of a bundle (GSO), of which only the
  // first is stamped where it leaves; or that stamp was lost, or they came too late.
  std::uint64_t unknown = 0;
  std::uint64_t no_room = 0;  // too many frames under way, or too many flows
};

class DelayJoiner {
 public:
  struct Bounds {
    std::uint64_t longest_delay_ns = 10'000'000'000;
    std::size_t under_way = std::size_t{1} << 18;
    std::size_t flows = 512;  // 11 KiB each
  };
  explicit DelayJoiner(Bounds bounds) : bounds_(bounds) {}

  // Takes a stamp; those of leaving must come before those of arriving, as the kernel writes them.
  void add(const probe_stamp& stamp);

  // Gives up on frames that left more than the longest delay before `now_ns`.
  void expire(std::uint64_t now_ns);

  std::vector<FlowDelay> flows() const;
  const DelayLosses& losses() const { return losses_; }

 private:
  struct Flow {
    FlowDelay counts;
    results::LatenessHistogram delays;
  };
  enum class State : std::uint8_t { kUnderWay, kArrived, kAmbiguous };
  struct Frame {
    Flow* flow = nullptr;
    std::uint64_t left_ns = 0;
    State state = State::kUnderWay;
  };
  struct Departure {
    std::uint64_t left_ns, hash;
  };

  void leave(const probe_stamp& stamp);
  void arrive(const probe_stamp& stamp);
  Flow* flow_of(const probe_flow_key& key);

  Bounds bounds_;
  std::map<std::pair<FlowId, std::uint32_t>, std::unique_ptr<Flow>> flows_;  // by flow and sender
  std::unordered_map<std::uint64_t, Frame> frames_;
  std::deque<Departure> departures_;
  DelayLosses losses_;
};

}  // namespace longhaul::nic
