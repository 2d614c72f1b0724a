// SPDX-License-Identifier: GPL-2.0-only
//
// What threads of the data plane share, with real threads: nothing is lost, doubled or seen half written.
// Also run under ThreadSanitizer (scripts/test), which DPDK's own rings and pools are not built for.
#include "emulator/dataplane/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace longhaul::dataplane {
namespace {

using Clock = std::chrono::steady_clock;

// Turns until `done`, or for half a minute.
template <typename Step>
void turn_until(const std::atomic<bool>& done, Step&& step) {
  const Clock::time_point end = Clock::now() + std::chrono::seconds(30);
  while (!done.load(std::memory_order_acquire) && Clock::now() < end) step();
}

TEST(HandoverQueue, HandsOverEachRecordOnceAndWhole) {
  struct Record {
    std::uint64_t number = 0, twice = 0;
  };
  constexpr std::uint64_t kRecords = 50'000;
  core::HandoverQueue<Record> queue(64);
  std::thread writer([&] {
    for (std::uint64_t n = 1; n <= kRecords;) {
      const bool written = queue.write([&](Record& record) { record = {n, 2 * n}; });
      n += written;
      if (!written) std::this_thread::yield();
    }
  });
  std::uint64_t expected = 1;
  Record record;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(30);
  while (expected <= kRecords && Clock::now() < end) {
    if (!queue.read(record)) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(record.number, expected);
    EXPECT_EQ(record.twice, 2 * expected);
    ++expected;
  }
  writer.join();
  EXPECT_EQ(expected, kRecords + 1);
  EXPECT_FALSE(queue.read(record));
}

TEST(HandoverQueue, CountsWhatFindsNoRoom) {
  core::HandoverQueue<int> queue(3);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(queue.write([n](int& slot) { slot = n; }), n < 3);
  EXPECT_EQ(queue.lost(), 2u);
  int number = -1;
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(queue.read(number) && number == n);
  EXPECT_FALSE(queue.read(number));
}

// Two lcores and a control thread: frames both ways, orders in, samples out, a capture that comes and goes.
TEST(Mailbox, CarriesFramesOrdersAndSamplesBetweenThreads) {
  constexpr std::uint32_t kOrders = 5'000;
  LoopSample empty;
  empty.directions.resize(2);
  Mailboxes mailboxes;
  for (int l = 0; l < 2; ++l) mailboxes.emplace_back(2, 2, 16, empty);
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> frames_seen{0};
  auto lcore = [&](std::size_t self) {
    const std::size_t other = 1 - self;
    std::uint32_t next = 0, sent = 0;
    std::uint64_t planned = 0;
    turn_until(done, [&] {
      Mailbox& mine = mailboxes[self];
      ChangeOrder order;
      while (mine.orders.read(order)) {
        EXPECT_EQ(order.at, Instant::at(Duration::nanoseconds(static_cast<std::int64_t>(planned))));
        EXPECT_EQ(order.change.burst, planned);
        mine.orders_taken.store(++planned, std::memory_order_release);
      }
      const std::uint64_t captures = mine.attach_orders.load(std::memory_order_acquire);
      if (captures != mine.attach_orders_seen.load(std::memory_order_relaxed)) {
        EXPECT_EQ(mine.captures[0].load(std::memory_order_relaxed), nullptr);
        mine.attach_orders_seen.store(captures, std::memory_order_release);
      }
      sent += mailboxes[other].handovers[self].write([&](Handover& handover) {
        handover = {nullptr, Instant::at(Duration::picoseconds(sent)), sent, false};
      });
      Handover handover;
      while (mine.handovers[other].read(handover)) {
        EXPECT_EQ(handover.direction, next);
        EXPECT_EQ(handover.due, Instant::at(Duration::picoseconds(next)));
        ++next;
        frames_seen.fetch_add(1, std::memory_order_relaxed);
      }
      mine.samples.write([&](LoopSample& sample) {
        sample.slot = planned;
        sample.directions[0].changes = sample.directions[1].changes = planned;
      });
    });
  };
  std::thread first(lcore, 0), second(lcore, 1);
  std::uint32_t given = 0;
  std::array<std::uint64_t, 2> newest{};
  LoopSample sample = empty;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(30);
  while ((newest[0] < kOrders || newest[1] < kOrders || frames_seen < 10'000) && Clock::now() < end) {
    if (given < kOrders &&
        given - mailboxes[0].orders_taken.load(std::memory_order_acquire) < Mailbox::kOrders &&
        given - mailboxes[1].orders_taken.load(std::memory_order_acquire) < Mailbox::kOrders) {
      for (Mailbox& mailbox : mailboxes) {
        EXPECT_TRUE(mailbox.orders.write([&](ChangeOrder& order) {
          order = {0, Instant::at(Duration::nanoseconds(given)), {}};
          order.change.burst = given;
        }));
        mailbox.attach_orders.fetch_add(1, std::memory_order_release);
      }
      ++given;
    }
    for (std::size_t l = 0; l < 2; ++l) {
      while (mailboxes[l].samples.read(sample)) {
        EXPECT_EQ(sample.directions[0].changes, sample.slot);
        EXPECT_EQ(sample.directions[1].changes, sample.slot);
        EXPECT_GE(sample.slot, newest[l]);
        newest[l] = sample.slot;
      }
    }
  }
  done.store(true, std::memory_order_release);
  first.join();
  second.join();
  EXPECT_EQ(newest[0], kOrders);
  EXPECT_EQ(newest[1], kOrders);
  EXPECT_GE(frames_seen.load(), 10'000u);
}

}  // namespace
}  // namespace longhaul::dataplane
