// SPDX-License-Identifier: GPL-2.0-only
//
// A change that is planned while a link runs does what the same change in the timeline does.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "emulator/core/link.h"

namespace longhaul::core {
namespace {

using Random = std::mt19937;

struct Fates {
  std::vector<std::pair<std::uint64_t, Instant>> delivered;
  std::vector<std::pair<std::uint64_t, DropCause>> dropped;
  void deliver(const Frame& frame, Instant due) { delivered.emplace_back(frame.cookie, due); }
  void drop(const Frame& frame, DropCause cause) { dropped.emplace_back(frame.cookie, cause); }
  std::optional<std::uint64_t> duplicate(const Frame&) { return std::nullopt; }
  void corrupt(const Frame&, std::uint64_t) {}
  bool operator==(const Fates&) const = default;
};

Change any_change(Random& random) {
  Change change;
  switch (random() % 8) {
    case 0:
      change.dark = random() % 2 == 0;
      break;
    case 1:
      change.blackhole = random() % 2 == 0;
      break;
    case 2:
      change.burst = random() % 20;
      break;
    case 3:
      change.delay = Duration::microseconds(100 + random() % 4'900);
      change.new_route = random() % 2 == 0;
      break;
    case 4:
      change.loss = static_cast<double>(random() % 100) / 1'000;
      break;
    case 5:
      change.buffer = Bytes(50'000 + random() % 100'000);
      break;
    case 6:
      change.background =
          Background{static_cast<double>(1 + random() % 10) / 10, Duration::microseconds(random() % 500),
                     static_cast<double>(random() % 50) / 1'000, 0.01};
      break;
    default:
      change.rate = BitRate::bits_per_second(100'000'000 + random() % 900'000'000);
  }
  return change;
}

LinkConfig any_link(Random& random) {
  LinkConfig link;
  link.rate = BitRate::gigabits_per_second(1);
  link.buffer = Bytes(200'000);
  link.delay = Duration::milliseconds(5);
  if (random() % 3 == 0) link.loss = 0.05;
  if (random() % 3 == 0) link.waves.members = 3;
  link.reserve.delay = link.delay;  // with room for a new route
  link.most_background_wait = Duration::microseconds(400);
  return link;
}

TEST(PlannedChange, DoesWhatTheTimelineDoes) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const LinkConfig plain = any_link(random);
    LinkConfig with_timeline = plain;
    constexpr int kChanges = 8, kFrames = 4'000;
    for (int i = 0; i < kChanges; ++i) {
      Event event;
      event.at = Duration::microseconds(1'000 + i * 3'000 + random() % 3'000);
      event.change = any_change(random);
      with_timeline.timeline.events.push_back(event);
    }
    Link planned(plain, Bytes(1'518), {0, 0}, seed), written(with_timeline, Bytes(1'518), {0, 0}, seed);
    Fates one, other;
    std::size_t next = 0;
    Instant now;
    for (std::uint64_t n = 0; n < kFrames; ++n) {
      now = now + Duration::nanoseconds(random() % 12'000);
      for (const Duration notice = Duration::microseconds(500);
           next < kChanges && Instant::at(with_timeline.timeline.events[next].at) < now + notice; ++next) {
        const Event& event = with_timeline.timeline.events[next];
        ASSERT_TRUE(planned.plan(Instant::at(event.at), event.change));
      }
      const Frame frame{n, now, 60 + static_cast<std::uint32_t>(random() % 1'400),
                        static_cast<std::uint32_t>(n)};
      planned.push(std::span(&frame, 1), one);
      written.push(std::span(&frame, 1), other);
    }
    for (; next < kChanges; ++next) {
      const Event& event = with_timeline.timeline.events[next];
      ASSERT_TRUE(planned.plan(Instant::at(event.at), event.change));
    }
    const Instant end = Instant::at(Duration::seconds(2));
    planned.advance(end, one);
    written.advance(end, other);
    const auto& events = with_timeline.timeline.events;
    const auto counted =
        std::count_if(events.begin(), events.end(), [](const Event& e) { return !e.change.background; });
    ASSERT_EQ(planned.changes_made(), static_cast<std::uint64_t>(counted));
    ASSERT_TRUE(planned.counters().conserved());
    ASSERT_EQ(planned.counters().held.frames, 0u);
    ASSERT_EQ(one, other);
  }
}

TEST(PlannedChange, InThePastHappensNowAndTooManyAreRefused) {
  LinkConfig config;
  config.rate = BitRate::gigabits_per_second(1);
  config.buffer = Bytes(200'000);
  Link link(config, Bytes(1'518), {0, 0}, 1);
  Fates fates;
  link.advance(Instant::at(Duration::seconds(1)), fates);
  Change slower;
  slower.rate = BitRate::bits_per_second(1'000'000);
  ASSERT_TRUE(link.plan(Instant(), slower));
  EXPECT_EQ(link.next_event(), link.time());
  link.advance(link.time(), fates);
  EXPECT_EQ(link.state().rate, *slower.rate);
  std::size_t planned = 0;
  while (link.plan(Instant::at(Duration::seconds(2)), slower)) ++planned;
  EXPECT_EQ(planned, Agenda::kMostPlanned);
}

TEST(PlannedChange, KeepsWithinWhatIsReserved) {
  LinkConfig config;
  config.rate = BitRate::gigabits_per_second(1);
  config.delay = Duration::milliseconds(5);
  Change longer, route;
  longer.delay = Duration::milliseconds(6);
  route.new_route = true;
  EXPECT_FALSE(is_allowed(longer, config));
  EXPECT_FALSE(is_allowed(route, config));
  config.reserve.delay = Duration::milliseconds(6);
  EXPECT_TRUE(is_allowed(longer, config));
  EXPECT_TRUE(is_allowed(route, config));
  EXPECT_TRUE(is_allowed(Change{}, config));
}

}  // namespace
}  // namespace longhaul::core
