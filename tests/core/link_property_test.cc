// SPDX-License-Identifier: GPL-2.0-only
//
// Random histories through core::Link. The seed is printed and can be set with LONGHAUL_TEST_SEED.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "emulator/core/link.h"
#include "tests/core/reference_link.h"

namespace longhaul::core {
namespace {

using testing::ReferenceLink;

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("LONGHAUL_TEST_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'121;
    std::cout << "LONGHAUL_TEST_SEED=" << value << "\n";
    return value;
  }();
  return seed;
}

struct Outcome {
  enum class Kind { kDelivered, kQueueFull, kLineLoss } kind;
  std::int64_t due = 0;
  bool operator==(const Outcome&) const = default;
};

// What became of each frame, by cookie; also checks order and earliness as frames leave.
struct Recorder {
  std::map<std::uint64_t, Outcome> outcomes;
  Instant now;
  std::uint64_t next_cookie = 0;  // cookies rise with arrival, so those delivered must rise too
  bool in_order = true, never_early = true, once = true;

  void deliver(const Frame& frame, Instant due) {
    in_order &= frame.cookie >= next_cookie;
    next_cookie = frame.cookie + 1;
    never_early &= due <= now;
    once &= outcomes.emplace(frame.cookie, Outcome{Outcome::Kind::kDelivered, due.ps()}).second;
  }
  std::optional<std::uint64_t> duplicate(const Frame&) { return std::nullopt; }
  void corrupt(const Frame&, std::uint64_t) {}
  void drop(const Frame& frame, DropCause cause) {
    const auto kind = cause == DropCause::kQueueFull ? Outcome::Kind::kQueueFull : Outcome::Kind::kLineLoss;
    once &= outcomes.emplace(frame.cookie, Outcome{kind}).second;
  }
};

struct History {
  LinkConfig config;
  std::uint64_t loss_seed;
  std::vector<Frame> frames;
};

History random_history(std::mt19937_64& random, std::size_t frames) {
  auto pick = [&](std::uint64_t low, std::uint64_t high) { return low + random() % (high - low + 1); };
  History history;
  history.config.rate = BitRate::bits_per_second(pick(100'000'000, 400'000'000'000));
  history.config.framing = pick(0, 1) != 0 ? Framing::kWire : Framing::kL2;
  history.config.buffer = Bytes(pick(9'018, 200'000));
  history.config.delay = Duration::picoseconds(static_cast<std::int64_t>(pick(0, 50'000'000)));
  history.config.loss = static_cast<double>(pick(0, 3)) * 0.1;
  history.loss_seed = random();
  Instant at;
  const std::int64_t mean_gap = serialisation_time(Bytes(800), history.config.rate).ps();
  for (std::uint64_t i = 0; i < frames; ++i) {
    const bool burst = pick(0, 3) != 0;
    if (!burst) at = at + Duration::picoseconds(static_cast<std::int64_t>(pick(0, 8)) * mean_gap);
    history.frames.push_back(
        {i, at, static_cast<std::uint32_t>(pick(0, 9) == 0 ? pick(14, 60) : pick(60, 9'018))});
  }
  return history;
}

// Drives a history in bursts of up to `burst` frames with up to `steps` extra calls of advance() between
// them.
Recorder drive(const History& history, std::size_t burst, int steps, std::mt19937_64& random) {
  Link link(history.config, Bytes(9'018), {3, 1}, history.loss_seed);
  Recorder recorder;
  Instant last;
  for (std::size_t next = 0; next < history.frames.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random() % burst, history.frames.size() - next);
    const Instant first = history.frames[next].at;
    for (int i = 0; i < steps; ++i) {
      const auto span = static_cast<std::uint64_t>((first - last).ps()) + 1;
      last = last + Duration::picoseconds(static_cast<std::int64_t>(random() % span));
      recorder.now = last;
      link.advance(last, recorder);
      EXPECT_TRUE(link.counters().conserved());
    }
    last = history.frames[next + count - 1].at;
    recorder.now = last;
    link.push(std::span(history.frames).subspan(next, count), recorder);
    EXPECT_TRUE(link.counters().conserved());
    next += count;
  }
  while (link.next_event() != Instant::never()) {
    recorder.now = link.next_event();
    link.advance(recorder.now, recorder);
  }
  EXPECT_EQ(link.counters().held, Tally{});
  EXPECT_EQ(link.counters().queue_bytes, 0u);
  EXPECT_TRUE(link.counters().conserved());
  return recorder;
}

std::function<bool(std::uint64_t)> coin(const History& history) {
  // The reference tosses per frame in order of the line, by the same stream read one frame at a time.
  auto loss =
      std::make_shared<BernoulliLoss>(std::get<loss::Bernoulli>(history.config.loss.model).probability,
                                      RandomStream(history.loss_seed, {3, 1}, Effect::kLoss));
  return [loss](std::uint64_t) { return loss->loses_next(); };
}

TEST(LinkProperty, AgreesWithTheSlowObviousModel) {
  std::mt19937_64 random(test_seed());
  for (int round = 0; round < 60; ++round) {
    const History history = random_history(random, 600);
    ReferenceLink reference(history.config, coin(history));
    for (const Frame& frame : history.frames) reference.arrive(frame);
    const Recorder recorder = drive(history, 32, 2, random);
    ASSERT_EQ(recorder.outcomes.size(), history.frames.size());
    for (const ReferenceLink::Life& life : reference.lives()) {
      const Outcome& outcome = recorder.outcomes.at(life.cookie);
      switch (life.fate) {
        case ReferenceLink::Fate::kDelivered:
          ASSERT_EQ(outcome, (Outcome{Outcome::Kind::kDelivered, life.due})) << "round " << round;
          break;
        case ReferenceLink::Fate::kQueueFull:
          ASSERT_EQ(outcome.kind, Outcome::Kind::kQueueFull);
          break;
        case ReferenceLink::Fate::kLineLoss:
          ASSERT_EQ(outcome.kind, Outcome::Kind::kLineLoss);
          break;
      }
    }
  }
}

TEST(LinkProperty, FatesDoNotDependOnBurstOrStepSize) {
  std::mt19937_64 random(test_seed() + 1);
  for (int round = 0; round < 40; ++round) {
    const History history = random_history(random, 3'000);
    const Recorder one_by_one = drive(history, 1, 3, random);
    const Recorder in_bursts = drive(history, 256, 0, random);
    ASSERT_EQ(one_by_one.outcomes, in_bursts.outcomes) << "round " << round;
    for (const Recorder* recorder : {&one_by_one, &in_bursts}) {
      ASSERT_TRUE(recorder->in_order && recorder->never_early && recorder->once) << "round " << round;
    }
  }
}

TEST(LinkProperty, NeverOverRateInAnyWindow) {
  std::mt19937_64 random(test_seed() + 2);
  for (int round = 0; round < 20; ++round) {
    const History history = random_history(random, 2'000);
    const Recorder recorder = drive(history, 64, 1, random);
    std::vector<std::pair<std::int64_t, std::uint64_t>> arrivals;  // due, framed bytes
    for (const auto& [cookie, outcome] : recorder.outcomes) {
      if (outcome.kind != Outcome::Kind::kDelivered) continue;
      arrivals.emplace_back(outcome.due,
                            framed_size(Bytes(history.frames[cookie].size), history.config.framing).count());
    }
    // Over any run of frames, all but the first were serialised between the first's last bit and the last's.
    for (std::size_t first = 0; first < arrivals.size(); first += 7) {
      std::uint64_t bytes = 0;
      for (std::size_t last = first + 1; last < std::min(arrivals.size(), first + 200); ++last) {
        bytes += arrivals[last].second;
        const Duration window = Duration::picoseconds(arrivals[last].first - arrivals[first].first);
        ASSERT_GE(window, serialisation_time(Bytes(bytes), history.config.rate)) << "round " << round;
      }
    }
  }
}

TEST(LinkProperty, HoldsNoMoreThanItsStatedCapacity) {
  std::mt19937_64 random(test_seed() + 3);
  for (int round = 0; round < 20; ++round) {
    History history = random_history(random, 4'000);
    history.config.loss = 0;
    for (Frame& frame : history.frames)
      frame.size = static_cast<std::uint32_t>(round % 2 == 0 ? 14 : 60 + frame.size % 8'900);
    const LinkCapacity capacity = capacity_of(history.config, Bytes(9'018));
    Link link(history.config, Bytes(9'018), {0, 0}, 1);
    Recorder recorder;
    for (const Frame& frame : history.frames) {
      recorder.now = frame.at;
      link.push(std::span(&frame, 1), recorder);
      ASSERT_LE(link.counters().held.frames, capacity.frames);
      ASSERT_LE(link.counters().held.bytes, capacity.bytes);
    }
  }
}

TEST(LinkProperty, CountersAreAFunctionOfTimeNotOfSteps) {
  std::mt19937_64 random(test_seed() + 4);
  const History history = random_history(random, 2'000);
  Link stepped(history.config, Bytes(9'018), {0, 0}, 5), jumped(history.config, Bytes(9'018), {0, 0}, 5);
  Recorder ignored_a, ignored_b;
  ignored_a.now = ignored_b.now = Instant::never();
  stepped.push(history.frames, ignored_a);
  jumped.push(history.frames, ignored_b);
  Instant now = history.frames.back().at;
  for (int check = 0; check < 50; ++check) {
    const Instant goal = now + Duration::picoseconds(static_cast<std::int64_t>(random() % 5'000'000));
    while (now < goal) {
      now = std::min(goal, now + Duration::picoseconds(static_cast<std::int64_t>(1 + random() % 100'000)));
      stepped.advance(now, ignored_a);
    }
    jumped.advance(goal, ignored_b);
    ASSERT_EQ(stepped.counters(), jumped.counters());
  }
}

}  // namespace
}  // namespace longhaul::core
