// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/verification.h"

#include <algorithm>
#include <limits>

namespace longhaul::scenario {
namespace {

constexpr std::uint32_t kExactIntegers = 1U << 24;  // float32 has a 24-bit significand

// Mixing constants of the "lowbias32" integer hash (C. Wellons, hash-prospector).
constexpr std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

constexpr std::uint32_t salt(std::size_t rank, std::uint32_t round) {
  return mix(static_cast<std::uint32_t>(rank) * 0x85ebca77U + round * 0xc2b2ae3dU + 1U);
}

// The hash scaled to [1, largest] by multiply and shift: a division per element would dominate.
constexpr std::uint32_t value(std::uint32_t element, std::uint32_t rank_salt, std::uint32_t largest) {
  return 1U + static_cast<std::uint32_t>((std::uint64_t{mix(element ^ rank_salt)} * largest) >> 32);
}

constexpr std::uint32_t largest_value(std::size_t ranks) {
  return (kExactIntegers - 1) / static_cast<std::uint32_t>(ranks);
}

}  // namespace

void fill_input(std::span<float> input, std::size_t rank, std::size_t ranks, std::uint32_t round) {
  const std::uint32_t largest = largest_value(ranks);
  const std::uint32_t rank_salt = salt(rank, round);
  for (std::uint32_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<float>(value(i, rank_salt, largest));
  }
}

void fill_expected(std::span<float> expected, std::size_t ranks, std::uint32_t round) {
  const std::uint32_t largest = largest_value(ranks);
  std::fill(expected.begin(), expected.end(), 0.0F);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const std::uint32_t rank_salt = salt(rank, round);
    for (std::uint32_t i = 0; i < expected.size(); ++i) {
      expected[i] += static_cast<float>(value(i, rank_salt, largest));
    }
  }
}

void poison(std::span<float> output) {
  std::fill(output.begin(), output.end(), std::numeric_limits<float>::quiet_NaN());
}

std::uint64_t count_wrong(std::span<const float> output, std::span<const float> expected) {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    wrong += output[i] == expected[i] ? 0 : 1;  // NaN equals nothing
  }
  return wrong;
}

}  // namespace longhaul::scenario
