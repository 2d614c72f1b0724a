// SPDX-License-Identifier: GPL-2.0-only
//
// A slow and obvious model of one link direction, to hold core::Link against. It keeps every frame that ever
// came and recomputes what it is asked from that list: the buffer's content by summing over all frames, loss
// by a coin per frame given from outside. Quadratic; shares nothing with the core but its plain data types.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "emulator/core/frame.h"
#include "emulator/core/link_config.h"

namespace longhaul::testing {

class ReferenceLink {
 public:
  enum class Fate { kDelivered, kQueueFull, kLineLoss };
  struct Life {
    std::uint64_t cookie;
    std::uint64_t size;
    std::int64_t at, start, sent, due;  // ps; start, sent, due only when not kQueueFull
    Fate fate;
  };

  // `lost(k)`: does the line lose the k-th frame that it carries?
  ReferenceLink(const core::LinkConfig& config, std::function<bool(std::uint64_t)> lost)
      : config_(config), lost_(std::move(lost)) {}

  void arrive(const core::Frame& frame) {
    Life life{frame.cookie, frame.size, frame.at.ps(), 0, 0, 0, Fate::kQueueFull};
    std::uint64_t waiting_bytes = 0;
    std::uint64_t waiting_frames = 0;
    std::int64_t free_at = 0;
    for (const Life& other : lives_) {
      if (other.fate == Fate::kQueueFull) continue;
      free_at = std::max(free_at, other.sent);
      if (other.start > life.at) waiting_bytes += other.size, ++waiting_frames;
    }
    const bool idle = free_at <= life.at;
    const bool fits = waiting_bytes + life.size <= config_.buffer.count() &&
                      waiting_frames + 1 <= config_.buffer.count() / 60;
    if (idle || fits) {
      std::uint64_t counted = life.size;
      if (config_.framing == core::Framing::kWire) counted = std::max<std::uint64_t>(counted, 60) + 24;
      const double exact = static_cast<double>(counted) * 8e12 / static_cast<double>(config_.rate.bps());
      life.start = std::max(life.at, free_at);
      life.sent = life.start + static_cast<std::int64_t>(std::ceil(exact - 1e-6));
      life.due = life.sent + config_.delay.ps();
      life.fate = lost_(carried_++) ? Fate::kLineLoss : Fate::kDelivered;
    }
    lives_.push_back(life);
  }

  const std::vector<Life>& lives() const { return lives_; }

  std::uint64_t waiting_bytes(Instant now) const {
    std::uint64_t sum = 0;
    for (const Life& life : lives_) {
      if (life.fate != Fate::kQueueFull && life.at <= now.ps() && life.start > now.ps()) sum += life.size;
    }
    return sum;
  }

 private:
  core::LinkConfig config_;
  std::function<bool(std::uint64_t)> lost_;
  std::vector<Life> lives_;
  std::uint64_t carried_ = 0;
};

}  // namespace longhaul::testing
