// SPDX-License-Identifier: GPL-2.0-only
//
// A link that traffic from elsewhere leaves only a part of.
#include "emulator/core/background.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "emulator/core/link.h"

namespace longhaul::core {
namespace {

constexpr std::uint32_t kSize = 1'250;  // 10 us at 1 Gbit/s

struct Fates {
  std::vector<Instant> due;
  std::vector<std::uint64_t> lost, marked;
  void deliver(const Frame& frame, Instant at) {
    due.push_back(at);
    if (frame.marked) marked.push_back(frame.cookie);
  }
  void drop(const Frame& frame, DropCause cause) {
    EXPECT_EQ(cause, DropCause::kBackground);
    lost.push_back(frame.cookie);
  }
  std::optional<std::uint64_t> duplicate(const Frame&) { return std::nullopt; }
  void corrupt(const Frame&, std::uint64_t) {}
};

LinkConfig shared_link() {
  LinkConfig link;
  link.rate = BitRate::gigabits_per_second(1);
  link.framing = Framing::kL2;
  link.buffer = Bytes(100'000'000);
  link.delay = Duration::milliseconds(1);
  link.most_background_wait = Duration::milliseconds(2);
  return link;
}

Instant microseconds(std::int64_t us) {
  return Instant::at(Duration::microseconds(us));
}

Frame frame(std::uint64_t number, Instant at, Ecn ecn = Ecn::kNotCapable) {
  Frame made{number, at, kSize};
  made.ecn = ecn;
  return made;
}

TEST(Background, LeavesAPartOfTheRateAndAddsItsWait) {
  Link link(shared_link(), Bytes(1'518), {0, 0}, 1);
  Fates fates;
  ASSERT_TRUE(link.plan(microseconds(100), {.background = Background{0.25, Duration::microseconds(300)}}));
  ASSERT_TRUE(link.plan(microseconds(10'000), {.background = Background{}}));
  link.push(std::vector{frame(0, microseconds(0)), frame(1, microseconds(200)), frame(2, microseconds(200)),
                        frame(3, microseconds(20'000))},
            fates);
  link.advance(microseconds(30'000), fates);
  EXPECT_EQ(link.changes_made(), 0u) << "nobody changed the link";
  EXPECT_EQ(fates.due, (std::vector{microseconds(1'010), microseconds(200 + 40 + 1'300),
                                    microseconds(200 + 80 + 1'300), microseconds(21'010)}));
  EXPECT_TRUE(link.counters().conserved());
}

TEST(Background, LeavesItsShareOfWhateverTheRateIs) {
  Link link(shared_link(), Bytes(1'518), {0, 0}, 1);
  Fates fates;
  ASSERT_TRUE(link.plan(microseconds(0), {.background = Background{0.5}}));
  ASSERT_TRUE(link.plan(microseconds(1), {.rate = BitRate::bits_per_second(100'000'000)}));
  link.push(std::vector{frame(0, microseconds(2))}, fates);
  link.advance(microseconds(5'000), fates);
  EXPECT_EQ(fates.due, std::vector{microseconds(2 + 200 + 1'000)});
  EXPECT_EQ(link.state().rate, BitRate::bits_per_second(100'000'000));
  EXPECT_EQ(link.state().delay, Duration::milliseconds(1));
}

TEST(Background, WaitsNoLongerThanTheLinkHasRoomForAndKeepsFramesInOrder) {
  Link link(shared_link(), Bytes(1'518), {0, 0}, 1);
  Fates fates;
  ASSERT_TRUE(link.plan(microseconds(0), {.background = Background{1, Duration::milliseconds(50)}}));
  ASSERT_TRUE(link.plan(microseconds(100), {.background = Background{1, Duration()}}));
  link.push(std::vector{frame(0, microseconds(10)), frame(1, microseconds(200))}, fates);
  link.advance(microseconds(60'000), fates);
  EXPECT_EQ(fates.due,
            (std::vector{microseconds(10 + 10 + 1'000 + 2'000), microseconds(10 + 10 + 1'000 + 2'000 + 10)}));
}

// The victims are the same ones whenever the background begins: the draw goes with the frame.
TEST(Background, LosesAndMarksByTheFrame) {
  constexpr std::uint64_t kFrames = 100'000;
  const Background lossy{1, {}, 0.02, 0.1};
  const auto run = [&](Instant from, Ecn ecn) {
    Link link(shared_link(), Bytes(1'518), {3, 1}, 7);
    Fates fates;
    EXPECT_TRUE(link.plan(from, {.background = lossy}));
    for (std::uint64_t i = 0; i < kFrames; ++i) {
      link.push(std::vector{frame(i, microseconds(static_cast<std::int64_t>(20 * i)), ecn)}, fates);
    }
    link.advance(microseconds(3'000'000), fates);
    const LinkCounters counters = link.counters();
    EXPECT_TRUE(counters.conserved());
    EXPECT_EQ(counters.dropped[static_cast<std::size_t>(DropCause::kBackground)].frames, fates.lost.size());
    EXPECT_EQ(counters.marked[static_cast<std::size_t>(MarkCause::kBackground)].frames, fates.marked.size());
    return fates;
  };
  const Fates all = run(microseconds(0), Ecn::kCapable0);
  // Binomial: within five standard deviations.
  const auto near = [](std::size_t seen, double p) {
    EXPECT_NEAR(static_cast<double>(seen), p * kFrames, 5 * std::sqrt(kFrames * p * (1 - p)));
  };
  near(all.lost.size(), 0.02);
  near(all.marked.size(), 0.98 * 0.1);

  const Fates later = run(microseconds(1'000'000), Ecn::kCapable0);
  std::vector<std::uint64_t> second_half;
  std::copy_if(all.lost.begin(), all.lost.end(), std::back_inserter(second_half),
               [](std::uint64_t number) { return number >= kFrames / 2; });
  EXPECT_EQ(later.lost, second_half);

  const Fates without_ecn = run(microseconds(0), Ecn::kNotCapable);
  EXPECT_TRUE(without_ecn.marked.empty());
  EXPECT_EQ(without_ecn.lost.size(), all.lost.size() + all.marked.size());
}

// What background.h says: behind the others, and at the rate that they leave, Poisson frames wait as long as
// in one queue with them.
TEST(Background, WaitsAsInOneQueueWithIt) {
  constexpr double kOthers = 0.5, kOurs = 0.25;
  constexpr double kTime = 10e-6;  // of a frame, s
  constexpr std::uint64_t kFrames = 400'000;
  const double behind_others = kOthers / (2 * (1 - kOthers)) * kTime;
  Link link(shared_link(), Bytes(1'518), {0, 0}, 1);
  Fates fates;
  ASSERT_TRUE(link.plan(
      Instant(),
      {.background = Background{1 - kOthers, Duration::nanoseconds(std::llround(behind_others * 1e9))}}));
  std::mt19937_64 random(5);
  std::exponential_distribution<double> gap(kOurs / kTime);
  double at = 0, waited = 0;
  std::vector<double> sent;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    at += gap(random);
    const Instant now = Instant::at(Duration::picoseconds(std::llround(at * 1e12)));
    sent.push_back(now.since_zero().to_seconds());
    link.push(std::vector{frame(i, now)}, fates);
  }
  link.advance(Instant::at(Duration::seconds(60)), fates);
  ASSERT_EQ(fates.due.size(), kFrames);
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    waited += fates.due[i].since_zero().to_seconds() - sent[i] - 1e-3 - kTime / (1 - kOthers);
  }
  const double load = kOthers + kOurs;
  const double in_one_queue = load / (2 * (1 - load)) * kTime;
  EXPECT_NEAR(waited / kFrames / in_one_queue, 1, 0.03);
}

}  // namespace
}  // namespace longhaul::core
