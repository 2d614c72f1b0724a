// SPDX-License-Identifier: GPL-2.0-only
//
// What the fate of a frame must not depend on: burst and step sizes, other links, effects that are added, the
// other direction.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "tests/core/link_driver.h"

namespace longhaul::core {
namespace {

using testing::Driven;
using testing::Feature;
using testing::Features;
using testing::History;
using testing::kLargestFrame;
using testing::Pace;
using testing::Recorder;

template <typename Check>
void each_history(int rounds, std::size_t frames, std::uint64_t salt, Check&& check) {
  for (int round = 0; round < rounds; ++round) {
    std::mt19937_64 random(testing::test_seed() + salt * 1'000'003 + static_cast<std::uint64_t>(round));
    const Features features = Features::all().some(random, 1 + static_cast<std::uint64_t>(round) % 4);
    const History history = testing::random_history(random, frames, features);
    check(history, random);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << " (" << features.names() << ")";
  }
}

bool same_decisions(std::vector<Decision> a, std::vector<Decision> b) {
  auto key = [](const Decision& d) {
    return std::tuple(d.at, d.wave, d.position, d.size, d.fate, d.cause, d.on_line);
  };
  auto before = [&](const Decision& x, const Decision& y) { return key(x) < key(y); };
  std::sort(a.begin(), a.end(), before);
  std::sort(b.begin(), b.end(), before);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const Decision& x, const Decision& y) { return key(x) == key(y); });
}

TEST(LinkIndependence, OfBurstAndStepSize) {
  each_history(60, 1'500, 71, [](const History& history, std::mt19937_64& random) {
    const Driven one_by_one = testing::drive(history, {1, 3}, random);
    for (const Pace pace : {Pace{256, 0}, Pace{32, 1}}) {
      const Driven other = testing::drive(history, pace, random);
      other.recorder.expect_sound();
      ASSERT_EQ(one_by_one.recorder.outcomes(), other.recorder.outcomes());
      ASSERT_EQ(one_by_one.recorder.deliveries(), other.recorder.deliveries());
      ASSERT_TRUE(same_decisions(one_by_one.decisions, other.decisions));
    }
    one_by_one.recorder.expect_sound();
  });
}

TEST(LinkIndependence, CountersAreAFunctionOfTimeNotOfSteps) {
  each_history(60, 1'000, 72, [](const History& history, std::mt19937_64& random) {
    Link stepped(history.config, kLargestFrame, {0, 0}, 5), jumped(history.config, kLargestFrame, {0, 0}, 5);
    Recorder a, b;
    testing::Feeder feeder(history), other_feeder(history);
    while (!feeder.finished()) {
      a.now = b.now;
      for (int i = 0; i < 3 && feeder.at() > a.now; ++i) {
        const auto gap = static_cast<std::uint64_t>((feeder.at() - a.now).ps());
        a.now = a.now + Duration::picoseconds(1 + static_cast<std::int64_t>(random() % gap));
        stepped.advance(a.now, a);
      }
      feeder.feed(stepped, 1, a);
      other_feeder.feed(jumped, 1, b);
      if (random() % 5 != 0) continue;
      ASSERT_EQ(testing::difference(stepped.counters(), jumped.counters()), "") << "at " << a.now.ps();
      ASSERT_EQ(stepped.counters(), jumped.counters());
      ASSERT_EQ(stepped.take_interval_peak(), jumped.take_interval_peak());
    }
  });
}

// Whoever sleeps until next_event() misses nothing: each frame leaves at its very due time.
TEST(LinkIndependence, NextEventIsNeverLaterThanTheNextDelivery) {
  each_history(60, 1'000, 73, [](const History& history, std::mt19937_64& random) {
    const Driven expected = testing::drive(history, {256, 0}, random);
    Link link(history.config, kLargestFrame, testing::kOwner, history.seed);
    Recorder recorder;
    std::size_t seen = 0;
    auto step = [&](Instant now) {
      const bool nothing_ahead = link.next_event() > now;
      const std::uint64_t done = recorder.outcomes().size();
      recorder.now = now;
      link.advance(now, recorder);
      if (nothing_ahead) {
        ASSERT_EQ(recorder.outcomes().size(), done) << "next_event() was too late";
      }
      for (; seen < recorder.deliveries().size(); ++seen)
        ASSERT_EQ(recorder.deliveries()[seen].second, now.ps());
    };
    for (testing::Feeder feeder(history); !feeder.finished(); seen = recorder.deliveries().size()) {
      while (link.next_event() <= feeder.at()) ASSERT_NO_FATAL_FAILURE(step(link.next_event()));
      feeder.feed(link, 1, recorder);
    }
    while (link.counters().held.frames > 0) ASSERT_NO_FATAL_FAILURE(step(link.next_event()));
    EXPECT_EQ(recorder.outcomes(), expected.recorder.outcomes());
    EXPECT_EQ(recorder.deliveries(), expected.recorder.deliveries());
  });
}

TEST(LinkIndependence, OfOtherLinks) {
  each_history(12, 1'000, 74, [](const History& history, std::mt19937_64& random) {
    const Driven alone = testing::drive(history, {64, 0}, random);
    std::vector<std::unique_ptr<Link>> others;
    for (std::uint32_t i = 0; i < 5; ++i)
      others.push_back(
          std::make_unique<Link>(history.config, kLargestFrame, StreamOwner{i, i % 2}, history.seed));
    Link link(history.config, kLargestFrame, testing::kOwner, history.seed);
    Recorder recorder, elsewhere[5];
    for (testing::Feeder feeder(history); !feeder.finished();) {
      const std::size_t other = random() % others.size();
      elsewhere[other].now = feeder.frame().at;
      others[other]->push(std::span(&feeder.frame(), 1), elsewhere[other]);
      feeder.feed(link, 1, recorder);
    }
    ASSERT_TRUE(testing::drain(link, recorder));
    EXPECT_EQ(recorder.outcomes(), alone.recorder.outcomes());
  });
}

using Victims = std::set<std::pair<std::uint8_t, std::uint64_t>>;

// The frames that met `fate` on the line, by wave and position, below `position`.
Victims victims(const Driven& run, Fate fate, std::uint8_t cause, std::uint64_t position) {
  Victims found;
  for (const Decision& decision : run.decisions)
    if (decision.on_line && decision.fate == fate && decision.cause == cause && decision.position < position)
      found.emplace(decision.wave, decision.position);
  return found;
}

History spaced_history(std::size_t frames) {
  History history;
  history.config = {BitRate::gigabits_per_second(100), Framing::kWire, Bytes(500'000),
                    Duration::microseconds(100)};
  history.seed = testing::test_seed();
  for (std::uint64_t i = 0; i < frames; ++i)
    history.frames.push_back(
        {i, Instant::at(Duration::nanoseconds(static_cast<std::int64_t>(i) * 200)), 1'514});
  return history;
}

constexpr auto cause_of(DropCause cause) {
  return static_cast<std::uint8_t>(cause);
}

TEST(LinkIndependence, AnEffectThatIsAddedDoesNotMoveTheDrawsOfAnother) {
  constexpr std::size_t kFrames = 5'000;
  std::mt19937_64 random(testing::test_seed());
  const History plain = spaced_history(kFrames);
  History lossy = plain, damaged = plain, copied = plain;
  lossy.config.loss = 0.02;
  damaged.config.line.corrupt = {0.02, 1, Region::kAnywhere, false};
  copied.config.line.duplicate = {0.02, Duration::microseconds(1)};
  const Victims lost =
      victims(testing::drive(lossy, {}, random), Fate::kDropped, cause_of(DropCause::kLineLoss), kFrames);
  const Victims bad =
      victims(testing::drive(damaged, {}, random), Fate::kDropped, cause_of(DropCause::kBadFcs), kFrames);
  const Victims twice = victims(testing::drive(copied, {}, random), Fate::kDuplicated, 0, kFrames);
  for (const Victims* some : {&lost, &bad, &twice}) {
    EXPECT_GT(some->size(), kFrames / 100);
    EXPECT_LT(some->size(), kFrames / 25);
  }
  EXPECT_NE(lost, bad);
  EXPECT_NE(lost, twice);
  EXPECT_NE(bad, twice);

  using Effect = void (*)(LinkConfig&);
  constexpr Effect kAfterIt[] = {
      [](LinkConfig& config) { config.line.jitter.scale = Duration::microseconds(3); },
      [](LinkConfig& config) {
        config.line.reorder = {0.1, 3, Duration::microseconds(2)};
      },
      [](LinkConfig& config) { config.line.drift_ps_per_s = 1'000'000; },
      [](LinkConfig& config) {
        config.queues.classes[0].aqm = aqm::Red{Bytes(1'000), Bytes(400'000), 0.5, 0, true, false};
      },
      [](LinkConfig& config) {
        config.far_end = {BitRate::gigabits_per_second(100), Bytes(500'000), {}};
      },
  };
  for (const Effect& add : kAfterIt) {
    History more = lossy;
    add(more.config);
    EXPECT_EQ(
        victims(testing::drive(more, {}, random), Fate::kDropped, cause_of(DropCause::kLineLoss), kFrames),
        lost);
    more = damaged;
    add(more.config);
    EXPECT_EQ(
        victims(testing::drive(more, {}, random), Fate::kDropped, cause_of(DropCause::kBadFcs), kFrames),
        bad);
    more = copied;
    add(more.config);
    EXPECT_EQ(victims(testing::drive(more, {}, random), Fate::kDuplicated, 0, kFrames), twice);
  }
  History all = lossy;
  all.config.line.corrupt = damaged.config.line.corrupt;
  all.config.line.bit_errors = {1e-6, true};
  all.config.line.duplicate = copied.config.line.duplicate;
  for (const Effect& add : kAfterIt) add(all.config);
  EXPECT_EQ(victims(testing::drive(all, {}, random), Fate::kDropped, cause_of(DropCause::kLineLoss), kFrames),
            lost);
}

// What the log says was lost is lost again when it is replayed as a pattern, and nothing else is.
TEST(LinkIndependence, ALossLogReplaysAsAPattern) {
  constexpr std::size_t kFrames = 5'000;
  std::mt19937_64 random(testing::test_seed());
  History history = spaced_history(kFrames);
  history.config.loss = loss::GilbertElliott{0.01, 0.3, 0.9, 0.001};
  const Driven original = testing::drive(history, {}, random);
  loss::Positions pattern;
  for (const auto& [wave, position] :
       victims(original, Fate::kDropped, cause_of(DropCause::kLineLoss), kFrames))
    pattern.frames.push_back(position);
  ASSERT_GT(pattern.frames.size(), 50u);
  history.config.loss = pattern;
  history.seed += 1;
  const Driven replay = testing::drive(history, {64, 1}, random);
  EXPECT_EQ(replay.recorder.outcomes(), original.recorder.outcomes());
}

TEST(LinkIndependence, DirectionsAndLinksDoNotLoseTheSameFrames) {
  History history = spaced_history(5'000);
  history.config.loss = 0.05;
  std::set<std::vector<std::uint64_t>> seen;
  std::size_t most_in_common = 0;
  std::vector<std::uint64_t> first;
  for (std::uint32_t link_number = 0; link_number < 3; ++link_number) {
    for (std::uint32_t direction = 0; direction < 2; ++direction) {
      Link link(history.config, kLargestFrame, {link_number, direction}, history.seed);
      Recorder recorder;
      recorder.now = Instant::never();
      link.push(history.frames, recorder);
      std::vector<std::uint64_t> lost;
      for (const auto& [cookie, outcome] : recorder.outcomes())
        if (outcome.cause == DropCause::kLineLoss) lost.push_back(cookie);
      if (first.empty()) {
        first = lost;
      } else {
        std::vector<std::uint64_t> common;
        std::set_intersection(first.begin(), first.end(), lost.begin(), lost.end(),
                              std::back_inserter(common));
        most_in_common = std::max(most_in_common, common.size());
      }
      EXPECT_TRUE(seen.insert(lost).second) << "link " << link_number << " direction " << direction;
    }
  }
  EXPECT_LT(most_in_common, 40u);  // of 250, where chance has 12.5
}

// Of bursts that arrive at once every position is lost equally often; chi-square, 31 degrees of freedom.
TEST(LinkIndependence, LossDoesNotPreferAPositionInTheBurst) {
  constexpr std::size_t kBurst = 32, kBursts = 4'000;
  LinkConfig config{BitRate::gigabits_per_second(100), Framing::kWire, Bytes(500'000),
                    Duration::microseconds(10), 1.0 / kBurst};
  Link link(config, kLargestFrame, {0, 0}, testing::test_seed());
  std::array<double, kBurst> lost{};
  struct Sink {
    std::array<double, kBurst>& count;
    void deliver(const Frame&, Instant) {}
    void drop(const Frame& frame, DropCause) { ++count[frame.cookie]; }
    std::optional<std::uint64_t> duplicate(const Frame&) { return std::nullopt; }
    void corrupt(const Frame&, std::uint64_t) {}
  } sink{lost};
  for (std::size_t burst = 0; burst < kBursts; ++burst) {
    std::vector<Frame> frames;
    for (std::uint64_t i = 0; i < kBurst; ++i)
      frames.push_back(
          {i, Instant::at(Duration::microseconds(static_cast<std::int64_t>(burst) * 10)), 1'514});
    link.push(frames, sink);
  }
  link.advance(Instant::at(Duration::seconds(1)), sink);
  constexpr double kExpected = static_cast<double>(kBursts) / kBurst;
  double chi_square = 0;
  for (const double count : lost) chi_square += (count - kExpected) * (count - kExpected) / kExpected;
  EXPECT_LT(chi_square, 74) << "the quantile at 1 - 2e-5";
  EXPECT_GT(chi_square, 8) << "the quantile at 1e-5: too even to be chance";
}

}  // namespace
}  // namespace longhaul::core
