// SPDX-License-Identifier: GPL-2.0-only
//
// The event loop that keeps to a clock, in virtual time: the clock is a variable that each read moves on.
#include "topologies/wide/paced_simulator.h"

#include <gtest/gtest.h>
#include <ns3/simulator.h>

#include <random>
#include <vector>

#include "tests/wide/simulation.h"

namespace longhaul::wide {
namespace {

using testing::Simulation;

constexpr Instant at_ns(std::int64_t ns) {
  return Instant::at(Duration::nanoseconds(ns));
}

// A clock that goes on by `step` with each read, and a stop once it shows `end`.
struct FakeClock {
  Duration step = Duration::nanoseconds(100);
  Instant end = at_ns(1'000'000);
  Instant now = {};
  std::atomic<bool> stop{false};

  PacedSimulator::Clock read() {
    return [this] {
      now = now + step;
      if (now >= end) stop = true;
      return now;
    };
  }
};

struct Ran {
  std::int64_t at;
  int what;
  bool operator==(const Ran&) const = default;
};

// A random mix of events that schedule, cancel and remove each other.
class Mixture {
 public:
  explicit Mixture(std::uint64_t seed) : random_(seed) {}

  void schedule(int count) {
    for (int i = 0; i < count; ++i) add();
  }
  std::vector<Ran> ran;

 private:
  void add() {
    const auto delay = static_cast<std::int64_t>(random_() % 50);
    const int name = names_++;
    ids_.push_back(ns3::Simulator::Schedule(ns3::TimeStep(delay), &Mixture::run, this, name));
  }
  void run(int name) {
    ran.push_back({ns3::Simulator::Now().GetTimeStep(), name});
    if (names_ >= 5'000) return;
    for (std::uint64_t n = random_() % 3; n != 0; --n) add();
    const ns3::EventId& other = ids_[random_() % ids_.size()];
    const bool was_waiting = !other.IsExpired();
    ran.push_back({ns3::Simulator::GetDelayLeft(other).GetTimeStep(), was_waiting ? -1 : -2});
    if (random_() % 5 == 0) ns3::Simulator::Cancel(other);
    if (random_() % 7 == 0) ns3::Simulator::Remove(other);
  }

  std::mt19937_64 random_;
  int names_ = 0;
  std::vector<ns3::EventId> ids_;
};

std::vector<Ran> run_mixture(std::uint64_t seed) {
  Mixture mixture(seed);
  mixture.schedule(200);
  ns3::Simulator::Stop(ns3::TimeStep(2'000));
  ns3::Simulator::Run();
  return mixture.ran;
}

TEST(PacedSimulator, RunsEventsInTheOrderOfNs3sOwnWithoutAClock) {
  std::vector<Ran> expected, found;
  {
    const Simulation simulation;
    expected = run_mixture(testing::test_seed());
  }
  {
    const Simulation simulation;
    PacedSimulator::install();
    found = run_mixture(testing::test_seed());
  }
  EXPECT_GT(expected.size(), 1'000U);
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_TRUE(found == expected);
}

TEST(PacedSimulator, EventsOfTheEndRunAtTheEndUnlessCancelled) {
  std::vector<int> ended;
  {
    const Simulation simulation;
    PacedSimulator::install();
    const auto end = [&ended](int what) { ended.push_back(what); };
    ns3::Simulator::ScheduleDestroy([&] { end(1); });
    const ns3::EventId second = ns3::Simulator::ScheduleDestroy([&] { end(2); });
    const ns3::EventId third = ns3::Simulator::ScheduleDestroy([&] { end(3); });
    ns3::Simulator::Cancel(second);
    ns3::Simulator::Remove(third);
    EXPECT_TRUE(second.IsExpired());
    EXPECT_TRUE(third.IsExpired());
    ns3::Simulator::Run();
    EXPECT_TRUE(ended.empty());
  }
  EXPECT_EQ(ended, (std::vector{1}));
}

TEST(PacedSimulator, RunsNothingBeforeItsTimeAndThenAtOnce) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock;
  int ran = 0;
  for (std::int64_t ns = 50; ns < 1'000'000; ns += 1'237) {
    ns3::Simulator::Schedule(ns3::TimeStep(1'000 * ns), [&, ns] {
      EXPECT_EQ(simulator->time(), at_ns(ns));
      EXPECT_GE(clock.now, at_ns(ns));
      EXPECT_LT(clock.now, at_ns(ns) + clock.step);
      ++ran;
    });
  }
  simulator->run(clock.stop, clock.read(), [](Instant now) { return now; });
  EXPECT_EQ(ran, 809);
  EXPECT_EQ(simulator->time(), clock.end);
  EXPECT_EQ(simulator->GetEventCount(), 809U);
}

TEST(PacedSimulator, TellsByHowMuchEventsWereLate) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock{.step = Duration::microseconds(10)};
  for (std::int64_t us = 1; us <= 100; ++us) ns3::Simulator::Schedule(ns3::TimeStep(1'000'000 * us), [] {});
  simulator->run(clock.stop, clock.read(), [](Instant now) { return now; });
  // Ten in each step: 0 to 9 us behind its end.
  EXPECT_EQ(simulator->lag().count(), 100U);
  EXPECT_EQ(simulator->lag().max(), Duration::microseconds(9));
  EXPECT_NEAR(simulator->lag().percentile(50).to_seconds(), 4e-6, 4e-6 / 32);
}

TEST(PacedSimulator, LagGrowsWhereEventsTakeLongerThanTheTimeBetweenThem) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock{.end = at_ns(300'000)};
  // Each takes 2 us of the clock and is due 1 us after the one before.
  for (std::int64_t us = 1; us <= 100; ++us)
    ns3::Simulator::Schedule(ns3::TimeStep(1'000'000 * us),
                             [&] { clock.now = clock.now + Duration::microseconds(2); });
  simulator->run(clock.stop, clock.read(), [](Instant now) { return now; });
  EXPECT_EQ(simulator->lag().count(), 100U);
  EXPECT_GT(simulator->lag().max(), Duration::microseconds(50));
}

TEST(PacedSimulator, WhatComesFromOutsideFindsItsPlaceAmongTheEvents) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock{.step = Duration::nanoseconds(10'000), .end = at_ns(100'000)};
  std::vector<std::int64_t> order;  // in ns; from outside negative
  for (std::int64_t ns = 1'000; ns <= 90'000; ns += 1'000)
    ns3::Simulator::Schedule(ns3::TimeStep(1'000 * ns), [&order, ns] { order.push_back(ns); });
  std::int64_t next = 500;  // every other one at an event's own time, which goes first
  simulator->run(clock.stop, clock.read(), [&](Instant now) {
    for (; at_ns(next) <= now; next += 500) {
      simulator->advance_to(at_ns(next));
      EXPECT_EQ(simulator->time(), at_ns(next));
      order.push_back(-next);
    }
    return now;
  });
  ASSERT_EQ(order.size(), 200U + 90U);
  for (std::size_t i = 1; i < order.size(); ++i) {
    EXPECT_LE(std::abs(order[i - 1]), std::abs(order[i]));
    EXPECT_TRUE(std::abs(order[i - 1]) < std::abs(order[i]) || order[i - 1] > 0) << i;
  }
}

TEST(PacedSimulator, NeverGoesBeyondWhatItWasAnswered) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock;
  Instant allowed;
  int ran = 0;
  for (std::int64_t ns = 500; ns <= 1'000'000; ns += 500) {
    ns3::Simulator::Schedule(ns3::TimeStep(1'000 * ns), [&, ns] {
      EXPECT_LE(at_ns(ns), allowed);
      ++ran;
    });
  }
  simulator->run(clock.stop, clock.read(), [&](Instant now) {
    EXPECT_EQ(simulator->time(), allowed);
    allowed = std::max(allowed, at_ns(now.since_zero().ns() / 7'000 * 7'000 - 7'000));
    return allowed;
  });
  EXPECT_EQ(simulator->time(), allowed);
  EXPECT_EQ(ran, allowed.since_zero().ns() / 500);
  EXPECT_GE(simulator->lag().max(), Duration::microseconds(7));
}

TEST(PacedSimulator, LooksForWhatComesAlsoWhileManyEventsAreDue) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock{.end = at_ns(100'000)};
  for (std::int64_t i = 0; i < 10'000; ++i) ns3::Simulator::Schedule(ns3::TimeStep(i), [] {});
  std::uint64_t seen = 0, most = 0;
  simulator->run(clock.stop, clock.read(), [&](Instant now) {
    most = std::max(most, simulator->GetEventCount() - seen);
    seen = simulator->GetEventCount();
    return now;
  });
  EXPECT_EQ(simulator->GetEventCount(), 10'000U);
  EXPECT_LE(most, 100U);
}

TEST(PacedSimulator, StopsWhereAnEventSaysSo) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  FakeClock clock{.end = at_ns(20'000)};
  bool ran = false;
  ns3::Simulator::Schedule(ns3::TimeStep(5'001'000), [&ran] { ran = true; });
  ns3::Simulator::Stop(ns3::TimeStep(5'000'000));
  simulator->run(clock.stop, clock.read(), [](Instant now) { return now; });
  EXPECT_EQ(simulator->time(), at_ns(5'000));
  EXPECT_FALSE(ran);
  simulator->run(clock.stop, clock.read(), [](Instant now) { return now; });
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace longhaul::wide
