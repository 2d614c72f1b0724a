// SPDX-License-Identifier: GPL-2.0-only
//
// Where a model of background traffic and the data plane tell each other, for each direction of a link, what
// the background leaves and what real frames bring. Either side has one writer: the model's thread, and the
// lcore that owns the direction; readers never wait and never make a writer wait (a sequence lock, after
// Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012). Free of DPDK and
// ns-3.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "emulator/core/background.h"
#include "emulator/core/queue_config.h"
#include "emulator/core/units.h"

namespace longhaul::dataplane {

struct PublishedBackground {
  core::Background background;
  Instant simulated;             // the model's time when it said so, on the data plane's clock
  std::uint64_t generation = 0;  // 0: nothing was published yet
};

// What real frames brought to a direction since the start.
struct RealLoad {
  std::array<std::uint64_t, core::kMostClasses> offered{};  // L2 bytes, by traffic class
  std::uint64_t frames = 0;
};

class BackgroundBoard {
 public:
  explicit BackgroundBoard(std::size_t directions) : records_(directions), loads_(directions) {}

  std::size_t directions() const { return records_.size(); }

  // The model's thread only.
  void publish(std::size_t direction, const core::Background& background, Instant simulated);
  // Any thread. Nothing while the model is just writing, which may take long when its CPU is taken away: ask
  // again later.
  std::optional<PublishedBackground> read(std::size_t direction) const;
  // Any thread: the generation alone, one load.
  std::uint64_t generation(std::size_t direction) const {
    return records_[direction].sequence.load(std::memory_order_acquire) / 2;
  }

  // The owner of the direction only.
  void tell_load(std::size_t direction, const RealLoad& load);
  // Any thread. Each figure is right by itself; they may be of different moments.
  RealLoad load(std::size_t direction) const;

 private:
  struct alignas(64) Record {
    std::atomic<std::uint64_t> sequence{0};  // odd: being written
    std::atomic<double> share_left{1}, loss{0}, mark{0};
    std::atomic<std::int64_t> wait_ps{0}, simulated_ps{0};
  };
  struct alignas(64) Load {
    std::array<std::atomic<std::uint64_t>, core::kMostClasses> offered{};
    std::atomic<std::uint64_t> frames{0};
  };
  std::vector<Record> records_;
  std::vector<Load> loads_;
};

}  // namespace longhaul::dataplane
