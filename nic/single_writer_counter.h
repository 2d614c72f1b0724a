// SPDX-License-Identifier: GPL-2.0-only
//
// A counter that one thread, an lcore, adds to and any other may read at any time, without the cost of an
// atomic addition.
#pragma once

#include <atomic>
#include <cstdint>

namespace longhaul::nic {

class SingleWriterCounter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace longhaul::nic
