// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace longhaul::dataplane {
namespace {

void paint(std::span<std::byte> bytes, std::uint8_t colour) {
  std::fill(bytes.begin(), bytes.end(), std::byte{colour});
}

bool is_painted(std::span<const std::byte> bytes, std::uint8_t colour) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == std::byte{colour}; });
}

TEST(FrameStore, HoldsWhatItPromisesInAnyMix) {
  constexpr std::uint64_t kBytes = 4'000'000, kFrames = 40'000;
  for (const std::uint32_t size : {14u, 60u, 61u, 1'514u, 9'018u}) {
    FrameStore store(kFrames, kBytes, 9'018);
    const std::uint64_t fits = std::min(kFrames, kBytes / size);
    for (std::uint64_t i = 0; i < fits; ++i) ASSERT_TRUE(store.reserve(size)) << size << " B, frame " << i;
  }
}

TEST(FrameStore, KeepsBytesApartThroughAnyOrderOfRelease) {
  std::mt19937_64 random(7);
  FrameStore store(2'000, 1'000'000, 9'018);
  struct Held {
    std::uint64_t cookie;
    std::uint8_t colour;
    std::uint32_t size;
  };
  std::deque<Held> held;
  std::uint64_t held_bytes = 0;
  for (int step = 0; step < 300'000; ++step) {
    const auto size = static_cast<std::uint32_t>(14 + random() % 9'000);
    // Mostly FIFO with some out of order, as a lossy line does; what is held stays within the promise.
    while (!held.empty() && (held_bytes + size > 900'000 || held.size() >= 1'900)) {
      ASSERT_TRUE(is_painted(store.bytes(held.front().cookie), held.front().colour));
      store.release(held.front().cookie);
      held_bytes -= held.front().size;
      held.pop_front();
    }
    const auto cookie = store.reserve(size);
    ASSERT_TRUE(cookie) << "step " << step;
    const auto colour = static_cast<std::uint8_t>(random());
    ASSERT_EQ(store.bytes(*cookie).size(), size);
    paint(store.bytes(*cookie), colour);
    if (random() % 3 == 0) {
      store.release(*cookie);  // refused by the link
      continue;
    }
    held.push_back({*cookie, colour, size});
    held_bytes += size;
    if (random() % 10 == 0) {
      const std::size_t near_front = random() % std::min<std::size_t>(held.size(), 4);
      const Held victim = held[near_front];
      ASSERT_TRUE(is_painted(store.bytes(victim.cookie), victim.colour));
      store.release(victim.cookie);
      held_bytes -= victim.size;
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(near_front));
    }
  }
  for (const Held& frame : held) store.release(frame.cookie);
  EXPECT_TRUE(store.empty());
}

TEST(FrameStore, RefusesWhenFullAndRecovers) {
  FrameStore store(10, 10'000, 1'514);
  std::vector<std::uint64_t> cookies;
  while (const auto cookie = store.reserve(1'514)) cookies.push_back(*cookie);
  EXPECT_GE(cookies.size(), 6u);
  store.release(cookies.front());
  EXPECT_TRUE(store.reserve(1'514));
}

}  // namespace
}  // namespace longhaul::dataplane
