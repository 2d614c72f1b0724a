// SPDX-License-Identifier: GPL-2.0-only
//
// What must hold in every history of every link, checked on the link alone: conservation after each step,
// earliness, order, rate and capacity. Ten million operations in all.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tests/core/link_driver.h"

namespace longhaul::core {
namespace {

using testing::Driven;
using testing::Feature;
using testing::Features;
using testing::History;
using testing::kCopyBit;
using testing::kLargestFrame;

// A sink that keeps books of its own, cheaply.
struct Books {
  Instant now, last_due;
  Tally out, dropped, copies;
  bool never_early = true, in_time_order = true;

  void deliver(const Frame& frame, Instant due) {
    out.add(frame.size);
    never_early &= due <= now;
    in_time_order &= last_due <= due;
    last_due = due;
  }
  void drop(const Frame& frame, DropCause) { dropped.add(frame.size); }
  std::optional<std::uint64_t> duplicate(const Frame& frame) {
    if (frame.cookie % 5 == 0) return std::nullopt;  // a driver without room
    copies.add(frame.size);
    return frame.cookie | kCopyBit;
  }
  void corrupt(const Frame&, std::uint64_t) {}
};

// Bursts and steps of random size; returns the number of operations, 0 when something did not hold.
std::uint64_t keep_books(const History& history, std::mt19937_64& random) {
  Link link(history.config, kLargestFrame, testing::kOwner, history.seed);
  const LinkCapacity capacity = capacity_of(history.config, kLargestFrame);
  Books books;
  std::uint64_t operations = 0;
  bool conserved = true, within = true;
  auto check = [&] {
    const LinkCounters& counters = link.counters();
    conserved &= counters.conserved() && counters.out == books.out &&
                 counters.dropped_in_all() == books.dropped && counters.duplicated == books.copies;
    within &= counters.held.frames <= capacity.frames && counters.held.bytes <= capacity.bytes;
  };
  for (testing::Feeder feeder(history); !feeder.finished();) {
    const std::uint64_t dice = random();
    const std::uint64_t before = link.counters().in.frames;
    feeder.feed(link, dice % 4 == 0 ? 1 + dice / 4 % 64 : 1, books);
    check();
    operations += link.counters().in.frames - before;
    if (dice % 3 == 0 || feeder.finished()) continue;
    books.now = books.now + (feeder.at() - books.now) / static_cast<std::int64_t>(1 + dice / 16 % 7);
    link.advance(books.now, books);
    check();
    ++operations;
  }
  while (link.counters().held.frames > 0 && operations < 100 * history.frames.size()) {
    books.now = link.next_event();
    link.advance(books.now, books);
    check();
    ++operations;
  }
  EXPECT_EQ(link.counters().held, Tally{}) << "the link does not drain";
  EXPECT_TRUE(conserved);
  EXPECT_TRUE(within) << "more held than capacity_of() says";
  EXPECT_TRUE(books.never_early);
  EXPECT_TRUE(books.in_time_order);
  return operations;
}

TEST(LinkHistories, ConserveFramesAndBytesAfterEveryStep) {
  constexpr std::uint64_t kOperations = 10'000'000;
  std::uint64_t operations = 0;
  for (std::uint64_t round = 0; operations < kOperations; ++round) {
    std::mt19937_64 random(testing::test_seed() + 500'000 + round);
    const Features features = Features::all().some(random, 1 + round % 5);
    const History history = testing::random_history(random, 20'000, features);
    operations += keep_books(history, random);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << " (" << features.names() << ")";
  }
}

// Runs random histories of `features` and hands each to `check`.
template <typename Check>
void each_run(Features features, int rounds, std::size_t frames, std::uint64_t salt, Check&& check) {
  for (int round = 0; round < rounds; ++round) {
    std::mt19937_64 random(testing::test_seed() + salt * 1'000'003 + static_cast<std::uint64_t>(round));
    const Features chosen = features.some(random, 2);
    History history = testing::random_history(random, frames, chosen);
    for (Event& event : history.config.timeline.events) event.change.new_route = false;
    const Driven run = testing::drive(history, {64, 1}, random);
    run.recorder.expect_sound();
    check(history, run);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << " (" << chosen.names() << ")";
  }
}

// All that leaves order, delay and rate as they are configured.
Features steady() {
  Features features = Features::all();
  for (const Feature changing :
       {Feature::kRateSteps, Feature::kDelaySteps, Feature::kMembers, Feature::kSides, Feature::kDrift,
        Feature::kFreeOrder, Feature::kRandomCopies, Feature::kRandomReorder, Feature::kJitter})
    features = features.without(changing);
  return features;
}

TEST(LinkHistories, NeverEarlierThanSerialisationAndPropagation) {
  each_run(steady(), 60, 2'000, 51, [](const History& history, const Driven& run) {
    const LinkConfig& config = history.config;
    const BitRate rate = BitRate::bits_per_second(config.rate.bps() / config.waves.members);
    Duration skew = config.waves.skew.empty() ? Duration{} : config.waves.skew[0];
    for (const Duration each : config.waves.skew) skew = std::min(skew, each);
    for (const auto& [cookie, due] : run.recorder.deliveries()) {
      const Frame& frame = history.frames[cookie];
      const Bytes counted = counted_size(Bytes(frame.size), config);
      Instant earliest = frame.at + serialisation_time(counted, rate) + config.delay + skew;
      if (config.far_end.rate != BitRate{})
        earliest = earliest + serialisation_time(counted, config.far_end.rate);
      ASSERT_GE(due, earliest.ps()) << "frame " << cookie;
    }
  });
}

// Over any run of frames that left, all but the first of each server were sent between the first's last bit
// and the last's.
void expect_within_rate(const History& history, const Driven& run, BitRate rate, std::uint64_t servers) {
  const auto& deliveries = run.recorder.deliveries();
  std::vector<std::uint64_t> counted;
  for (const auto& [cookie, due] : deliveries)
    counted.push_back(counted_size(Bytes(history.frames[cookie].size), history.config).count());
  const std::uint64_t most = counted_size(kLargestFrame, history.config).count() * (servers - 1);
  for (std::size_t first = 0; first < deliveries.size(); first += 7) {
    std::uint64_t bytes = 0;
    for (std::size_t last = first + 1; last < std::min(deliveries.size(), first + 200); ++last) {
      bytes += counted[last];
      if (bytes <= most) continue;
      const auto window = Duration::picoseconds(deliveries[last].second - deliveries[first].second);
      ASSERT_GE(window, serialisation_time(Bytes(bytes - most), rate)) << "from " << first << " to " << last;
    }
  }
}

TEST(LinkHistories, NeverOverRateInAnyWindow) {
  const Features features = steady().without(Feature::kWaves).without(Feature::kFarEnd);
  each_run(features, 60, 2'000, 52, [](const History& history, const Driven& run) {
    expect_within_rate(history, run, history.config.rate, 1);
  });
}

TEST(LinkHistories, NeverOverRateWhenTheDelayMovesAndOrderIsKept) {
  const Features features = steady()
                                .without(Feature::kWaves)
                                .without(Feature::kFarEnd)
                                .with(Feature::kJitter)
                                .with(Feature::kDelaySteps);
  each_run(features, 60, 2'000, 53, [](const History& history, const Driven& run) {
    expect_within_rate(history, run, history.config.rate, 1);
  });
}

TEST(LinkHistories, FarEndIsNeverOverItsRate) {
  each_run(Features::all().without(Feature::kSides).without(Feature::kRandomCopies), 60, 2'000, 54,
           [](const History& history, const Driven& run) {
             if (history.config.far_end.rate == BitRate{}) return;
             expect_within_rate(history, run, history.config.far_end.rate, 1);
           });
}

TEST(LinkHistories, WavesTogetherAreNeverOverTheRate) {
  const Features features = steady().without(Feature::kFarEnd).with(Feature::kWaves);
  each_run(features, 60, 2'000, 55, [](const History& history, const Driven& run) {
    const std::uint64_t members = history.config.waves.members;
    expect_within_rate(history, run, history.config.rate, members + 1);
  });
}

TEST(LinkHistories, FramesOfAFlowAndClassStayInOrder) {
  const Features features = steady()
                                .with(Feature::kJitter)
                                .with(Feature::kDelaySteps)
                                .with(Feature::kRateSteps)
                                .with(Feature::kDrift);
  each_run(features, 60, 2'000, 56, [](const History& history, const Driven& run) {
    const QueueConfig& queues = history.config.queues;
    std::map<std::pair<std::uint32_t, std::size_t>, std::uint64_t> next;
    for (const auto& [cookie, due] : run.recorder.deliveries()) {
      const Frame& frame = history.frames[cookie];
      std::size_t cls = 0;
      if (queues.key == ClassKey::kPcp) cls = queues.class_of_pcp[frame.pcp];
      if (queues.key == ClassKey::kDscp) cls = queues.class_of_dscp[frame.dscp];
      std::uint64_t& expected = next[{frame.flow, cls}];
      ASSERT_GE(cookie, expected) << "flow " << frame.flow << " class " << cls;
      expected = cookie + 1;
    }
    EXPECT_EQ(run.counters.reordered, 0u);
  });
}

// Small frames in large number and large ones, against the frames and the bytes that may be held.
TEST(LinkHistories, HoldNoMoreThanTheStatedCapacity) {
  for (std::uint64_t round = 0; round < 60; ++round) {
    std::mt19937_64 random(testing::test_seed() + 57 * 1'000'003 + round);
    const Features features = Features::all().some(random, 3);
    History history = testing::random_history(random, 4'000, features);
    for (Frame& frame : history.frames) {
      if (round % 3 == 0) frame.size = 14;
      if (round % 3 == 1) frame.size = static_cast<std::uint32_t>(kLargestFrame.count());
      frame.at = Instant::at(frame.at.since_zero() / 4);
    }
    history.pauses.clear();
    keep_books(history, random);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << " (" << features.names() << ")";
  }
}

}  // namespace
}  // namespace longhaul::core
