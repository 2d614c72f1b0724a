// SPDX-License-Identifier: GPL-2.0-only
//
// The shadow without ns-3: what others send over a topology, as a model that goes in ticks. Every direction
// of a link that carries background is a ShadowLink; frames go from one to the next of their way after its
// propagation delay. Each interval it publishes for each such direction, by index 2 x link + direction, what
// the background leaves; the real load that the board tells is fed back in each tick as one aggregate for
// each class, evenly over the tick. Elastic (bulk) background takes a max-min fair share of what the rest
// leaves.
//
// Everything is slowed down by k; docs/shadow.md says what that does. Not modelled: live changes of links,
// parallel waves one by one, pauses, a delay that changes. No clock: time passes by tick(). Single owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/dataplane/background_board.h"
#include "topologies/model.h"
#include "topologies/traffic/background.h"
#include "topologies/traffic/source.h"
#include "topologies/wide/shadow_link.h"

namespace longhaul::wide {

struct ShadowOptions {
  Duration interval = Duration::milliseconds(1);
  std::uint32_t slow_down = 0;   // k; 0: slow_down_for()
  std::uint32_t real_flows = 1;  // that elastic background shares a link with
  std::uint64_t seed = 1;
  Duration row = {};  // of a series in the statistics, which grows with time; zero: none
};

// What one direction of a link carried and what was left of it, means over a time.
struct ShadowRow {
  Instant until;
  double carried = 0;  // of the rate, by the background
  double real = 0;     // of the rate, offered by real frames
  core::Background left;
};

struct ShadowDirection {
  topology::Hop hop;
  ShadowRow mean;               // over the run
  std::vector<ShadowRow> rows;  // one after another, a last one may be shorter
  Duration longest_wait;        // of an interval
  double least_share_left = 1;  // of an interval
  core::LinkCounters counters;  // of the modelled link: a k-th of the frames
};

struct ShadowStatistics {
  std::uint32_t slow_down = 1;
  std::uint64_t intervals = 0;
  std::uint64_t frames = 0;  // modelled, once for each link that one came to
  std::vector<ShadowDirection> directions;
};

// CPU time of a modelled frame at a link, as `scripts/bench shadow` measures it, with room for a busy
// machine.
inline constexpr Duration kShadowFrameCost = Duration::nanoseconds(150);

// The least slow-down with which links that carry these backgrounds, full or fuller, take half a core.
std::uint32_t slow_down_for(const topology::Topology& topology,
                            const std::vector<traffic::Background>& backgrounds);

// Spreads bytes evenly over a tick as frames of one size; what does not fill a frame waits for the next one.
class EvenFeed {
 public:
  void feed(double bytes, core::Frame frame, Instant begin, Duration tick, std::vector<core::Frame>& out);

 private:
  double credit_ = 0;
};

class ShadowNetwork {
 public:
  // `board` has two directions for each link and outlives this.
  ShadowNetwork(const topology::Topology& topology, const std::vector<traffic::Background>& backgrounds,
                const ShadowOptions& options, dataplane::BackgroundBoard& board);

  std::uint32_t slow_down() const { return k_; }
  // The time of a tick: a part of the interval, if it can be no longer than the shortest delay between links.
  Duration tick_length() const { return tick_; }
  Instant time() const { return time_; }
  void tick();
  ShadowStatistics statistics() const;

 private:
  struct Onward {
    std::size_t direction = 0, inbox = 0, stream = 0;
    Duration delay;
  };
  struct Stream {
    std::size_t background = 0;
    std::optional<traffic::Source> source;  // where its way begins, unless it is elastic
    std::optional<traffic::Expectation> expectation;
    std::deque<double> coming;  // where it goes on: what is expected, by tick
    EvenFeed elastic;
    std::optional<Onward> onward;
  };
  struct Inbox {
    std::size_t from = 0;  // direction
    std::deque<core::Frame> frames;
  };
  struct Direction {
    Direction(topology::Hop h, ShadowLink l) : hop(h), link(std::move(l)) {}
    topology::Hop hop;
    ShadowLink link;
    std::vector<Stream> streams;
    std::vector<Inbox> inboxes;
    std::vector<double> expected;  // by stream, the real load last
    dataplane::RealLoad told;
    std::array<EvenFeed, core::kMostClasses> real;
    std::uint32_t real_size = 1'500;
    ShadowLink::Interval last;
    ShadowDirection statistics;
    ShadowRow sum_of_row, sum;
    std::uint64_t intervals_of_row = 0;
  };
  struct Elastic {
    std::size_t background = 0;
    std::vector<std::size_t> way;  // directions
    double bytes_per_second = 0;
  };

  void plan_tick();
  void make_directions(const std::vector<std::vector<topology::Hop>>& ways);
  void join(const std::vector<std::vector<topology::Hop>>& ways);
  void gather(Direction& direction, Instant end);
  void take_source(Direction& direction, std::size_t stream, Instant end);
  void take_real(Direction& direction);
  void merge_from(std::size_t begin);
  void pass_on(const Direction& direction);
  void publish();
  void share_elastic();
  void record(Direction& direction);
  std::size_t board_index(const Direction& direction) const {
    return 2 * direction.hop.link + direction.hop.direction;
  }

  topology::Topology topology_;
  std::vector<traffic::Background> backgrounds_;
  ShadowOptions options_;
  dataplane::BackgroundBoard& board_;
  std::uint32_t k_;
  Duration tick_;
  std::uint64_t ticks_of_interval_ = 1, ticks_ = 0, intervals_ = 0, frames_ = 0;
  Instant time_;
  std::vector<Direction> directions_;
  std::vector<Elastic> elastic_;
  std::vector<core::Frame> arrivals_;
  std::vector<PassedFrame> passed_;
};

}  // namespace longhaul::wide
