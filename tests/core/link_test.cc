// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/link.h"

#include <gtest/gtest.h>

#include <vector>

namespace longhaul::core {
namespace {

struct Delivered {
  std::uint64_t cookie;
  std::int64_t due;
  bool operator==(const Delivered&) const = default;
};

struct Collector {
  std::vector<Delivered> delivered;
  std::vector<std::pair<std::uint64_t, DropCause>> dropped;
  void deliver(const Frame& frame, Instant due) { delivered.push_back({frame.cookie, due.ps()}); }
  std::optional<std::uint64_t> duplicate(const Frame&) { return std::nullopt; }
  void corrupt(const Frame&, std::uint64_t) {}
  void drop(const Frame& frame, DropCause cause) { dropped.emplace_back(frame.cookie, cause); }
};

Instant at_ps(std::int64_t ps) {
  return Instant::at(Duration::picoseconds(ps));
}

LinkConfig config_400g() {
  return {BitRate::gigabits_per_second(400), Framing::kWire, Bytes(1'000'000), Duration::microseconds(10), 0};
}

constexpr Bytes kLargest{9'018};

void push_one(Link& link, Collector& sink, Frame frame) {
  link.push(std::span(&frame, 1), sink);
}

TEST(Link, DueTimesAreExactToThePicosecond) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  for (std::uint64_t i = 0; i < 3; ++i) push_one(link, sink, {i, at_ps(500), 64});
  link.advance(at_ps(10'000'000 + 500 + 3 * 1'760), sink);
  EXPECT_EQ(sink.delivered, (std::vector<Delivered>{{0, 10'002'260}, {1, 10'004'020}, {2, 10'005'780}}));
}

TEST(Link, ReleasesNothingOnePicosecondEarly) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  push_one(link, sink, {7, at_ps(0), 64});
  EXPECT_EQ(link.next_event(), at_ps(10'001'760));
  link.advance(at_ps(10'001'759), sink);
  EXPECT_TRUE(sink.delivered.empty());
  EXPECT_EQ(link.counters().held.frames, 1u);
  link.advance(at_ps(10'001'760), sink);
  EXPECT_EQ(sink.delivered.size(), 1u);
  EXPECT_EQ(link.next_event(), Instant::never());
  EXPECT_TRUE(link.counters().conserved());
}

TEST(Link, DueTimeComesFromArrivalNotFromWhenTheLoopRan) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  push_one(link, sink, {1, at_ps(0), 64});
  link.advance(at_ps(50'000'000), sink);  // the loop was away for 40 us
  EXPECT_EQ(sink.delivered.at(0).due, 10'001'760);
}

TEST(Link, NextEventIsTheNextFrameThatCanLeave) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  push_one(link, sink, {1, at_ps(0), 64});
  push_one(link, sink, {2, at_ps(0), 64});
  EXPECT_EQ(link.next_event(), at_ps(10'001'760));
  EXPECT_EQ(link.counters().queue_bytes, 64u);
  link.advance(at_ps(1'760), sink);
  EXPECT_EQ(link.counters().queue_bytes, 0u);
  EXPECT_EQ(link.next_event(), at_ps(10'001'760));
  link.advance(at_ps(10'001'760), sink);
  EXPECT_EQ(link.next_event(), at_ps(10'003'520));
}

TEST(Link, DropTailCountsOnlyWhatWaits) {
  LinkConfig config = config_400g();
  config.buffer = Bytes(200);
  Link link(config, Bytes(100), {0, 0}, 1);
  Collector sink;
  // 0 goes straight to the serialiser, 1 and 2 fill the buffer, 3 is one too many.
  for (std::uint64_t i = 0; i < 4; ++i) push_one(link, sink, {i, at_ps(0), 100});
  EXPECT_EQ(sink.dropped, (std::vector<std::pair<std::uint64_t, DropCause>>{{3, DropCause::kQueueFull}}));
  EXPECT_EQ(link.counters().queue_peak_bytes, 200u);
  // One frame of 124 wire bytes lasts 2,480 ps: at that instant there is room again.
  push_one(link, sink, {4, at_ps(2'479), 100});
  push_one(link, sink, {5, at_ps(2'480), 100});
  EXPECT_EQ(sink.dropped.size(), 2u);
  link.advance(at_ps(1'000'000'000), sink);
  EXPECT_EQ(sink.delivered.size(), 4u);
  EXPECT_EQ(link.counters().in.frames, 6u);
  EXPECT_TRUE(link.counters().conserved());
}

TEST(Link, ABufferBelowTheRateDelayProductStillPassesFullRate) {
  // 1 Gbit/s, 20 ms, 5 ms of buffer: 2.5 MB on the line must not eat the 625 kB buffer.
  const LinkConfig config{BitRate::gigabits_per_second(1), Framing::kWire, Bytes(625'000),
                          Duration::milliseconds(20), 0};
  Link link(config, kLargest, {0, 0}, 1);
  Collector sink;
  constexpr std::int64_t kSpacing = 12'304'000;  // 1,514 B at line rate
  constexpr std::uint64_t kFrames = 40'000;      // half a second
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    push_one(link, sink, {i, at_ps(static_cast<std::int64_t>(i) * kSpacing), 1'514});
  }
  EXPECT_TRUE(sink.dropped.empty());
  EXPECT_EQ(link.counters().queue_peak_bytes, 0u);
  link.advance(at_ps(static_cast<std::int64_t>(kFrames) * kSpacing + 20'000'000'000), sink);
  EXPECT_EQ(sink.delivered.size(), kFrames);
}

TEST(Link, SmallFramesOnAShapedLinkUseTheirOwnBytes) {
  // 64 B frames offered at twice the rate of a 1 Gbit/s link leave at 88 wire bytes each, not at some nominal
  // size.
  const LinkConfig config{BitRate::gigabits_per_second(1), Framing::kWire, Bytes(64'000'000), Duration{}, 0};
  Link link(config, kLargest, {0, 0}, 1);
  Collector sink;
  for (std::uint64_t i = 0; i < 10'000; ++i)
    push_one(link, sink, {i, at_ps(static_cast<std::int64_t>(i) * 352'000), 64});
  link.advance(at_ps(10'000LL * 704'000), sink);
  ASSERT_EQ(sink.delivered.size(), 10'000u);
  EXPECT_EQ(sink.delivered.back().due, 10'000LL * 704'000);
}

TEST(Link, LineLossUsesItsShareOfTheRate) {
  LinkConfig config = config_400g();
  config.loss = 1;
  Link lossy(config, kLargest, {0, 0}, 1);
  Collector sink;
  push_one(lossy, sink, {0, at_ps(0), 64});
  push_one(lossy, sink, {1, at_ps(0), 64});
  lossy.advance(at_ps(1'760), sink);
  EXPECT_EQ(lossy.counters().dropped[static_cast<std::size_t>(DropCause::kLineLoss)].frames, 1u);
  EXPECT_EQ(lossy.counters().held.frames, 1u) << "the second frame waits for the lost one to be sent";
  lossy.advance(at_ps(3'520), sink);
  EXPECT_EQ(lossy.counters().dropped[static_cast<std::size_t>(DropCause::kLineLoss)].frames, 2u);
  EXPECT_TRUE(lossy.counters().conserved());
}

TEST(Link, DirectionsOfALinkAreDifferentStreams) {
  LinkConfig config = config_400g();
  config.loss = 0.5;
  Link forward(config, kLargest, {0, 0}, 9), reverse(config, kLargest, {0, 1}, 9);
  Collector there, back;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Frame frame{i, at_ps(static_cast<std::int64_t>(i) * 10'000), 64};
    push_one(forward, there, frame);
    push_one(reverse, back, frame);
  }
  EXPECT_NE(there.dropped, back.dropped);
}

TEST(Link, AnArrivalBeforeAnEarlierOneCountsAsThatOne) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  push_one(link, sink, {0, at_ps(10'000), 64});
  push_one(link, sink, {1, at_ps(2'000), 64});
  link.advance(at_ps(100'000'000), sink);
  EXPECT_EQ(sink.delivered, (std::vector<Delivered>{{0, 10'011'760}, {1, 10'013'520}}));
}

TEST(Link, IntervalPeakStartsAgainFromWhatWaits) {
  Link link(config_400g(), kLargest, {0, 0}, 1);
  Collector sink;
  for (std::uint64_t i = 0; i < 3; ++i) push_one(link, sink, {i, at_ps(0), 100});
  EXPECT_EQ(link.take_interval_peak(), 200u);
  link.advance(at_ps(2'480), sink);
  EXPECT_EQ(link.take_interval_peak(), 200u) << "the interval began with two frames waiting";
  EXPECT_EQ(link.take_interval_peak(), 100u);
  EXPECT_EQ(link.counters().queue_peak_bytes, 200u);
}

}  // namespace
}  // namespace longhaul::core
