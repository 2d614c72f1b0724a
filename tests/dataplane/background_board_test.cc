// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/background_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace longhaul::dataplane {
namespace {

TEST(BackgroundBoard, SaysWhatWasPublishedLast) {
  BackgroundBoard board(2);
  EXPECT_EQ(board.generation(1), 0u);
  EXPECT_EQ(board.read(1)->background, core::Background{});
  const core::Background said{0.25, Duration::microseconds(7), 0.5, 0.125};
  board.publish(1, {}, Instant::at(Duration::milliseconds(1)));
  board.publish(1, said, Instant::at(Duration::milliseconds(2)));
  const PublishedBackground read = board.read(1).value();
  EXPECT_EQ(read.background, said);
  EXPECT_EQ(read.simulated, Instant::at(Duration::milliseconds(2)));
  EXPECT_EQ(read.generation, 2u);
  EXPECT_EQ(board.generation(1), 2u);
  EXPECT_EQ(board.generation(0), 0u);

  RealLoad load{.frames = 3};
  load.offered[0] = 100;
  load.offered[7] = 200;
  board.tell_load(0, load);
  EXPECT_EQ(board.load(0).offered, load.offered);
  EXPECT_EQ(board.load(0).frames, 3u);
  EXPECT_EQ(board.load(1).frames, 0u);
}

// Whatever is read belongs together, however the two threads meet.
TEST(BackgroundBoard, IsNeverReadHalfWritten) {
  constexpr int kTimes = 200'000;
  BackgroundBoard board(1);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i <= kTimes; ++i) {
      const double share = 1.0 / i;
      board.publish(0, {share, Duration::nanoseconds(i), share / 2, share / 4},
                    Instant::at(Duration::microseconds(i)));
    }
    done = true;
  });
  std::uint64_t last = 0;
  while (!done) {
    const auto read = board.read(0);
    if (!read || read->generation == 0) continue;
    EXPECT_GE(read->generation, last);
    last = read->generation;
    const core::Background& said = read->background;
    const auto i = static_cast<std::int64_t>(last);
    ASSERT_EQ(said.wait, Duration::nanoseconds(i));
    ASSERT_EQ(read->simulated, Instant::at(Duration::microseconds(i)));
    ASSERT_EQ(said.share_left, 1.0 / static_cast<double>(i));
    ASSERT_EQ(said.loss, said.share_left / 2);
    ASSERT_EQ(said.mark, said.share_left / 4);
  }
  writer.join();
  EXPECT_EQ(board.read(0)->generation, static_cast<std::uint64_t>(kTimes));
  EXPECT_EQ(board.generation(0), static_cast<std::uint64_t>(kTimes));
}

}  // namespace
}  // namespace longhaul::dataplane
