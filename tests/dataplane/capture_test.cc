// SPDX-License-Identifier: GPL-2.0-only
//
// In a binary of its own, since it replaces the global operator new by one that counts.
#include "emulator/dataplane/capture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <new>
#include <random>
#include <thread>

namespace {

thread_local std::uint64_t t_allocations = 0;

[[gnu::noinline]] void release(void* block) {
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  ++t_allocations;
  if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  release(block);
}

namespace longhaul::dataplane {
namespace {

using Bytes = std::vector<std::byte>;
using core::DropCause;

constexpr std::size_t kHeadBytes = 24;  // that a record takes beside its frame

constexpr Instant at_ns(std::int64_t ns) {
  return Instant::at(Duration::nanoseconds(ns));
}

// ---- what is recorded

Bytes coloured(std::size_t size, int colour) {
  return Bytes(size, static_cast<std::byte>(colour));
}

void expect_next(Capture& capture, const CaptureRecord& expected) {
  CaptureRecord record;
  ASSERT_TRUE(capture.next(record));
  EXPECT_EQ(record.point, expected.point);
  EXPECT_EQ(record.cause, expected.cause);
  EXPECT_EQ(record.number, expected.number);
  EXPECT_EQ(record.size, expected.size);
  EXPECT_EQ(record.at, expected.at);
  EXPECT_EQ(record.bytes, expected.bytes);
}

TEST(Capture, RecordsInTheOrderOfTheCalls) {
  Capture capture({.snap = 100, .slots = 10});
  CaptureRecord none;
  EXPECT_FALSE(capture.next(none));
  EXPECT_EQ(capture.offered(coloured(60, 1), at_ns(1)), 1u);
  EXPECT_EQ(capture.offered(coloured(100, 2), at_ns(2)), 2u);
  EXPECT_EQ(capture.offered(coloured(101, 3), at_ns(3)), 3u);
  capture.released(0, coloured(60, 9), at_ns(4));  // was not captured
  capture.dropped(0, {}, DropCause::kRed, at_ns(4));
  capture.released(1, coloured(60, 4), at_ns(5));
  capture.released(1, coloured(60, 5), at_ns(6));  // a copy
  capture.dropped(3, coloured(9'018, 6), DropCause::kLineLoss, Instant::at(Duration::picoseconds(7)));
  capture.dropped(2, {}, DropCause::kWatchdog, at_ns(8));
  const CapturePoint in = CapturePoint::kIngress, out = CapturePoint::kRelease, lost = CapturePoint::kDrop;
  expect_next(capture, {in, {}, 1, 60, at_ns(1), coloured(60, 1)});
  expect_next(capture, {in, {}, 2, 100, at_ns(2), coloured(100, 2)});
  expect_next(capture, {in, {}, 3, 101, at_ns(3), coloured(100, 3)});
  expect_next(capture, {out, {}, 1, 60, at_ns(5), coloured(60, 4)});
  expect_next(capture, {out, {}, 1, 60, at_ns(6), coloured(60, 5)});
  const Instant early = Instant::at(Duration::picoseconds(7));
  expect_next(capture, {lost, DropCause::kLineLoss, 3, 9'018, early, coloured(100, 6)});
  expect_next(capture, {lost, DropCause::kWatchdog, 2, 0, at_ns(8), {}});
  EXPECT_FALSE(capture.next(none));
  EXPECT_EQ(capture.counters(), (CaptureCounters{.seen = 3, .captured = 3, .releases = 2, .drops = 2}));
}

TEST(Capture, CountsWhatFindsNoRoomAndGoesOn) {
  constexpr std::size_t kSlots = 5;
  Capture capture({.snap = 100, .slots = kSlots});
  EXPECT_EQ(Capture::memory_needed({.snap = 100, .slots = kSlots}), kSlots * (kHeadBytes + 100));
  for (std::uint32_t i = 1; i <= kSlots; ++i) EXPECT_EQ(capture.offered(coloured(1'514, 1), {}), i);
  EXPECT_EQ(capture.offered(coloured(1'514, 1), {}), 0u);
  EXPECT_EQ(capture.offered(coloured(14, 1), {}), 0u);
  capture.released(1, coloured(100, 1), {});
  capture.dropped(2, {}, DropCause::kRed, {});
  CaptureCounters expected{.seen = 7, .captured = 5, .missed = 2, .releases_missed = 1, .drops_missed = 1};
  EXPECT_EQ(capture.counters(), expected);
  EXPECT_EQ(capture.counters().dropped_by_capture(), 4u);

  CaptureRecord record;
  ASSERT_TRUE(capture.next(record));
  EXPECT_EQ(capture.offered(coloured(200, 2), at_ns(9)), 6u);  // as many as before, and no number is left out
  EXPECT_EQ(capture.offered(coloured(200, 2), {}), 0u);
  for (std::uint32_t i = 2; i <= 5; ++i)
    expect_next(capture, {CapturePoint::kIngress, {}, i, 1'514, {}, coloured(100, 1)});
  expect_next(capture, {CapturePoint::kIngress, {}, 6, 200, at_ns(9), coloured(100, 2)});
  EXPECT_FALSE(capture.next(record));
  expected.seen = 9, expected.captured = 6, expected.missed = 3;
  EXPECT_EQ(capture.counters(), expected);
}

TEST(Capture, AShortFrameTakesNoMoreRoomThanItsBytes) {
  constexpr std::size_t kSlots = 100, kSnap = 9'018;
  Capture capture({.snap = kSnap, .slots = kSlots});
  std::uint32_t last = 0;
  while (const std::uint32_t number = capture.offered(coloured(60, 1), {})) last = number;
  EXPECT_EQ(last, kSlots * (kHeadBytes + kSnap) / (kHeadBytes + 60));
}

// Random calls and reads against a list: what is in the list is what must come, and room is exactly counted.
TEST(Capture, IsAListOfBoundedSize) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    std::mt19937_64 random(seed);
    const std::uint32_t snap = 1 + static_cast<std::uint32_t>(random() % 200);
    const std::size_t slots = 1 + random() % 20;
    const std::size_t room = slots * (kHeadBytes + snap);
    Capture capture({.snap = snap, .slots = slots});
    std::deque<CaptureRecord> list;
    CaptureCounters counters;
    std::size_t used = 0;
    for (int step = 0; step < 50'000; ++step) {
      if (random() % 2 == 0) {
        CaptureRecord record;
        ASSERT_EQ(capture.next(record), !list.empty());
        if (list.empty()) continue;
        const CaptureRecord expected = list.front();
        list.pop_front();
        used -= kHeadBytes + expected.bytes.size();
        ASSERT_EQ(record.number, expected.number) << "seed " << seed << " step " << step;
        ASSERT_TRUE(record.bytes == expected.bytes && record.size == expected.size &&
                    record.point == expected.point && record.cause == expected.cause &&
                    record.at == expected.at);
        continue;
      }
      const Bytes frame = coloured(random() % 300, static_cast<int>(random() % 256));
      const std::size_t kept = std::min<std::size_t>(frame.size(), snap);
      const bool fits = used + kHeadBytes + kept <= room;
      CaptureRecord record{.point = static_cast<CapturePoint>(random() % 3),
                           .number = static_cast<std::uint32_t>(counters.captured),
                           .size = static_cast<std::uint32_t>(frame.size()),
                           .at = at_ns(step),
                           .bytes = Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(kept))};
      if (record.number == 0) record.point = CapturePoint::kIngress;
      if (record.point == CapturePoint::kIngress) {
        record.number = capture.offered(frame, record.at);
        ASSERT_EQ(record.number, fits ? counters.captured + 1 : 0);
        ++counters.seen, ++(fits ? counters.captured : counters.missed);
      } else if (record.point == CapturePoint::kRelease) {
        capture.released(record.number, frame, record.at);
        ++(fits ? counters.releases : counters.releases_missed);
      } else {
        record.cause = static_cast<DropCause>(random() % core::kDropCauses);
        capture.dropped(record.number, frame, record.cause, record.at);
        ++(fits ? counters.drops : counters.drops_missed);
      }
      if (fits) used += kHeadBytes + kept, list.push_back(record);
      ASSERT_EQ(capture.counters(), counters) << "seed " << seed << " step " << step;
    }
    EXPECT_GT(counters.dropped_by_capture(), 0u);
  }
}

TEST(Capture, AllocatesNothingOnceItIsMade) {
  Capture capture({.filter = "greater 1000", .slots = 50});
  const Bytes frame(1'514), other(60);
  const std::uint64_t before = t_allocations;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint32_t number = capture.offered(frame, {});
    capture.released(number, frame, {});
    capture.dropped(number, {}, DropCause::kRed, {});
    capture.offered(other, {});
  }
  EXPECT_EQ(t_allocations, before);
  const Bytes counted(1);
  EXPECT_EQ(t_allocations, before + 1);
}

// ---- two threads

// A frame that tells by its first bytes what all its others are.
std::size_t write_patterned(Bytes& buffer, std::uint64_t serial) {
  const std::size_t size = 14 + serial * 2'654'435'761 % 300;
  for (std::size_t i = 0; i < size; ++i) buffer[i] = static_cast<std::byte>(serial + i);
  std::memcpy(buffer.data(), &serial, sizeof(serial));
  return size;
}

bool is_patterned(const CaptureRecord& record, std::size_t snap) {
  std::uint64_t serial = 0;
  if (record.bytes.size() < sizeof(serial)) return false;
  std::memcpy(&serial, record.bytes.data(), sizeof(serial));
  Bytes expected(400);
  const std::size_t size = write_patterned(expected, serial);
  expected.resize(std::min(size, snap));
  return record.size == size && record.bytes == expected &&
         record.at == at_ns(static_cast<std::int64_t>(serial));
}

TEST(Capture, KeepsEveryRecordIntactBetweenTwoThreads) {
  constexpr std::uint32_t kFrames = 50'000, kSnap = 128;
  Capture capture({.snap = kSnap, .slots = 32});
  std::atomic<bool> give_up{false}, finished{false};
  std::thread lcore([&] {
    Bytes buffer(400);
    std::uint64_t serial = 0;
    for (std::uint32_t captured = 0; captured < kFrames && !give_up;) {
      const std::span<const std::byte> frame(buffer.data(), write_patterned(buffer, ++serial));
      const Instant at = at_ns(static_cast<std::int64_t>(serial));
      const std::uint32_t number = capture.offered(frame, at);
      if (serial % 3 == 0) {
        capture.dropped(number, frame, DropCause::kLineLoss, at);
      } else {
        capture.released(number, frame, at);
      }
      if (number != 0) captured = number;
    }
    finished = true;
  });
  CaptureCounters taken;
  std::uint32_t last = 0;
  bool intact = true, in_order = true, consistent = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  CaptureRecord record;
  for (bool last_round = false; !last_round;) {
    last_round = finished;  // and what comes before that is all there is
    while (capture.next(record)) {
      intact = intact && is_patterned(record, kSnap);
      if (record.point == CapturePoint::kIngress) {
        in_order = in_order && record.number == last + 1;
        last = record.number;
        ++taken.captured;
      } else {
        in_order = in_order && record.number == last;
        ++(record.point == CapturePoint::kRelease ? taken.releases : taken.drops);
      }
    }
    const CaptureCounters now = capture.counters();
    consistent = consistent && now.seen == now.captured + now.missed && now.captured + 1 >= taken.captured;
    if (std::chrono::steady_clock::now() > deadline) give_up = true;
    std::this_thread::yield();
  }
  lcore.join();
  EXPECT_TRUE(intact);
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(consistent);
  EXPECT_EQ(taken.captured, kFrames);
  const CaptureCounters counters = capture.counters();
  EXPECT_EQ(counters.captured, taken.captured);
  EXPECT_EQ(counters.releases, taken.releases);
  EXPECT_EQ(counters.drops, taken.drops);
  EXPECT_EQ(counters.captured,
            counters.releases + counters.releases_missed + counters.drops + counters.drops_missed);
}

}  // namespace
}  // namespace longhaul::dataplane
