// SPDX-License-Identifier: GPL-2.0-only
//
// Is the result of an all-reduce right? Input whose float32 sum is exact in any order of addition, the sum
// that must come out, and the comparison of every element.
//
// Each input value is a whole number in [1, (2^24 - 1) / ranks]: all partial sums stay below 2^24, where
// float32 holds every integer, so a right result is equal to the bit whatever order the algorithm adds in.
// The values differ by rank, element and round (they are hashed from all three), so a contribution that is
// missing, counted twice or out of place, two chunks that changed places and data left over from the round
// before are all wrong. Pure functions; no allocation. At most 1,024 ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace longhaul::scenario {

inline constexpr std::size_t kMaxRanks = 1024;

// Writes what `rank` contributes in `round`.
void fill_input(std::span<float> input, std::size_t rank, std::size_t ranks, std::uint32_t round);

// Writes the sum over all ranks of what fill_input() gives each of them.
void fill_expected(std::span<float> expected, std::size_t ranks, std::uint32_t round);

// Overwrites every element with a value that no sum can have, so an element that was not written is found.
void poison(std::span<float> output);

// How many elements of `output` differ from `expected`; both have the same length. NaN is wrong.
std::uint64_t count_wrong(std::span<const float> output, std::span<const float> expected);

}  // namespace longhaul::scenario
