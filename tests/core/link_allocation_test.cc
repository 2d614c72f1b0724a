// SPDX-License-Identifier: GPL-2.0-only
//
// A link allocates nothing after its construction, whatever it is told to do. In a binary of its own, since
// it replaces the global operator new by one that counts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "emulator/core/link.h"
#include "tests/core/link_driver.h"

namespace {

std::uint64_t g_allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++g_allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* const block = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)) return block;
  throw std::bad_alloc();
}

[[gnu::noinline]] void release(void* block) {
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
void* operator new[](std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete[](void* block) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  release(block);
}

namespace longhaul::core {
namespace {

struct Silent {
  Instant now;
  void deliver(const Frame&, Instant) {}
  void drop(const Frame&, DropCause) {}
  std::optional<std::uint64_t> duplicate(const Frame& frame) { return frame.cookie; }
  void corrupt(const Frame&, std::uint64_t) {}
};

TEST(LinkAllocation, TheCounterCounts) {
  const std::uint64_t before = g_allocations;
  ::operator delete(::operator new(16));
  EXPECT_EQ(g_allocations, before + 1);
}

TEST(LinkAllocation, NothingAfterConstruction) {
  for (std::uint64_t round = 0; round < 150; ++round) {
    std::mt19937_64 random(testing::test_seed() + 90 * 1'000'003 + round);
    const testing::Features features = testing::Features::all().some(random, 1 + round % 4);
    const testing::History history = testing::random_history(random, 2'000, features);
    Link link(history.config, testing::kLargestFrame, testing::kOwner, history.seed);
    DecisionLog log(1'000);
    link.log_decisions(&log);
    Silent sink;
    const std::uint64_t before = g_allocations;
    for (testing::Feeder feeder(history); !feeder.finished();) feeder.feed(link, 64, sink);
    const bool drained = testing::drain(link, sink);
    const std::uint64_t after = g_allocations;
    ASSERT_TRUE(drained);
    ASSERT_EQ(after, before) << "round " << round << " (" << features.names() << ")";
  }
}

}  // namespace
}  // namespace longhaul::core
