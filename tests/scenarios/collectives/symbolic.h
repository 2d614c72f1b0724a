// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a schedule on memory whose elements know where they came from, in any order that its rules allow: the
// slow and obvious model that each algorithm is held against.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <utility>
#include <vector>

#include "scenarios/collectives/schedule.h"

namespace longhaul::scenario::collectives::testing {

inline constexpr std::uint64_t kElement = 4;

// An element is the sum of elements of the beginning, each by its rank and its index there, with how often it
// is in.
using Element = std::map<std::pair<std::uint32_t, std::uint64_t>, int>;
using Memory = std::vector<Element>;

// `elements` of each rank, each its own.
std::vector<Memory> beginning(std::uint32_t ranks, std::uint64_t elements);
// The sum of element `index` of ranks 0 .. ranks - 1.
Element sum_of(std::uint32_t ranks, std::uint64_t index);

// Runs it in an order that `seed` picks. Fails the test, and returns what there is, when it comes to a
// standstill or a step breaks a rule of schedule.h.
std::vector<Memory> run(const Schedule& schedule, std::vector<Memory> memory, std::uint64_t seed);

// Bytes by (from, to), messages with bytes only.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> bytes_by_edge(const Schedule& schedule);
std::uint64_t bytes_in_all(const Schedule& schedule);

// LONGHAUL_TEST_SEED or a fixed one; printed at the first call.
std::uint64_t test_seed();

}  // namespace longhaul::scenario::collectives::testing
