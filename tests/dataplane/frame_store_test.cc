// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <ostream>
#include <random>
#include <span>
#include <utility>
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
  for (int step = 0; step < 100'000; ++step) {
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

// Each frame is a part of one long pattern, which begins where its serial number says.
std::span<const std::byte> pattern_of(std::uint64_t serial, std::size_t size) {
  constexpr std::size_t kStarts = 4'099, kLargest = 9'018;
  static const std::vector<std::byte> kPattern = [] {
    std::vector<std::byte> bytes(kStarts + kLargest);
    std::mt19937_64 random(11);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
  }();
  return std::span(kPattern).subspan(serial % kStarts, size);
}

void write_serial(std::span<std::byte> bytes, std::uint64_t serial) {
  std::memcpy(bytes.data(), pattern_of(serial, bytes.size()).data(), bytes.size());
}

bool has_serial(std::span<const std::byte> bytes, std::uint64_t serial, std::uint32_t size) {
  return bytes.size() == size && std::memcmp(bytes.data(), pattern_of(serial, size).data(), size) == 0;
}

struct Mix {
  const char* name;
  std::uint64_t frames, bytes;
  std::uint32_t smallest, largest;
  bool moves = true;
};

void PrintTo(const Mix& mix, std::ostream* out) {
  *out << mix.name;
}

class FullFrameStore : public ::testing::TestWithParam<Mix> {};

// Kept full to the last promised byte or frame while random ones go: the model says what must be there.
TEST_P(FullFrameStore, NeverRefusesWhatItPromisedWhateverTheOrderOfRelease) {
  const Mix& mix = GetParam();
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    std::mt19937_64 random(seed);
    FrameStore store(mix.frames, mix.bytes, mix.largest);
    struct Held {
      std::uint64_t serial;
      std::uint32_t size;
    };
    std::map<std::uint64_t, Held> model;  // by cookie
    std::vector<std::uint64_t> cookies;
    std::uint64_t held_bytes = 0;
    auto release_at = [&](std::size_t index) {
      const std::uint64_t cookie = cookies[index];
      const Held held = model.at(cookie);
      ASSERT_TRUE(has_serial(store.bytes(cookie), held.serial, held.size)) << "frame " << held.serial;
      store.release(cookie);
      model.erase(cookie);
      held_bytes -= held.size;
      cookies[index] = cookies.back();
      cookies.pop_back();
    };
    for (std::uint64_t serial = 0; serial < 60'000 + 2 * mix.frames; ++serial) {
      // Spells of one size after another are the hardest for a ring with an end.
      const bool narrow = serial / 1'000 % 2 == 0;
      const std::uint32_t range =
          narrow ? std::min(9u, mix.largest - mix.smallest) : mix.largest - mix.smallest;
      const auto size = static_cast<std::uint32_t>(mix.smallest + random() % (range + 1));
      while (held_bytes + size > mix.bytes || model.size() == mix.frames) {
        // Some frames are nearly never picked: they pin what is around them.
        const std::size_t half = cookies.size() / 2;
        release_at(random() % 64 == 0 ? random() % cookies.size()
                                      : half + random() % (cookies.size() - half));
        if (HasFatalFailure()) return;
      }
      const auto cookie = store.reserve(size);
      ASSERT_TRUE(cookie) << "seed " << seed << ", frame " << serial << ", held " << held_bytes << " B in "
                          << model.size();
      ASSERT_TRUE(model.emplace(*cookie, Held{serial, size}).second) << "a cookie in use was given out";
      write_serial(store.bytes(*cookie), serial);
      cookies.push_back(*cookie);
      held_bytes += size;
    }
    EXPECT_EQ(store.moved_bytes() > 0, mix.moves) << "the test did not reach what it is for";
    while (!cookies.empty()) {
      release_at(cookies.size() - 1);
      if (HasFatalFailure()) return;
    }
    EXPECT_TRUE(store.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Mixes, FullFrameStore,
                         ::testing::Values(Mix{"FewLarge", 40, 200'000, 1'000, 9'018},
                                           Mix{"Smallest", 45'000, 675'000, 14, 15},
                                           Mix{"Anything", 3'000, 2'000'000, 14, 9'018},
                                           Mix{"Nearly2MiB", 2'000, 1'900'000, 60, 1'518},
                                           Mix{"OneFrame", 1, 9'018, 14, 9'018, false}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(FrameStore, OnePinnedFrameHoldsNobodyUp) {
  FrameStore store(1'000, 1'000'000, 1'514);
  const std::uint64_t pinned = store.reserve(1'000).value();
  write_serial(store.bytes(pinned), 7);
  for (int i = 0; i < 20'000; ++i) {
    const auto cookie = store.reserve(1'514);
    ASSERT_TRUE(cookie) << "frame " << i;
    store.release(*cookie);
    const auto pair = store.reserve(700);
    const auto other = store.reserve(701);
    store.release(pair.value());
    store.release(other.value());
  }
  EXPECT_TRUE(has_serial(store.bytes(pinned), 7, 1'000));
}

TEST(FrameStore, NothingIsMovedWhileFramesGoInOrder) {
  FrameStore store(2'000, 1'400'000, 1'514);
  std::mt19937_64 random(3);
  std::deque<std::pair<std::uint64_t, std::uint32_t>> held;
  std::uint64_t bytes = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto size = static_cast<std::uint32_t>(60 + random() % 1'455);
    while (bytes + size > 1'400'000 || held.size() == 2'000) {
      store.release(held.front().first);
      bytes -= held.front().second;
      held.pop_front();
    }
    held.emplace_back(store.reserve(size).value(), size);
    bytes += size;
  }
  EXPECT_EQ(store.moved_bytes(), 0u);
}

// What is copied is bounded by what is reserved, also where the frames that stay are as many as can be.
TEST(FrameStore, MovesAreAmortised) {
  constexpr std::uint64_t kFrames = 8'000;
  FrameStore store(kFrames, kFrames * 1'000, 1'000);
  std::vector<std::uint64_t> staying;
  for (std::uint64_t i = 0; i + 10 < kFrames; ++i) staying.push_back(store.reserve(1'000).value());
  constexpr std::uint64_t kCome = 100'000;
  std::uint64_t most_at_once = 0;
  for (std::uint64_t i = 0; i < kCome; ++i) {
    const std::uint64_t before = store.moved_bytes();
    const auto first = store.reserve(1'000);
    const auto second = store.reserve(1'000);
    most_at_once = std::max(most_at_once, store.moved_bytes() - before);
    store.release(first.value());  // not the newest, so its room stays behind in the log
    store.release(second.value());
  }
  EXPECT_LE(store.moved_bytes(), 13 * 2 * kCome * 1'008);
  EXPECT_LE(most_at_once, 2 * 13 * 1'008u);
  for (const std::uint64_t cookie : staying) store.release(cookie);
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
