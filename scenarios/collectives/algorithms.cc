// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/collectives/algorithms.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

namespace longhaul::scenario::collectives {
namespace {

using Ranks = std::vector<std::uint32_t>;
using Ranges = std::vector<Range>;

Builder builder_for(const Shape& shape) {
  return {shape.ranks, shape.segments, shape.element};
}

Ranks all_ranks(const Shape& shape) {
  Ranks ranks(shape.ranks);
  std::iota(ranks.begin(), ranks.end(), 0U);
  return ranks;
}

Ranges cut(Range whole, std::size_t parts, std::uint64_t element) {
  Ranges ranges;
  for (std::size_t i = 0; i < parts; ++i) ranges.push_back(part_of(whole, parts, i, element));
  return ranges;
}

// Around the ring of `ranks`, from each to the one before it: part i ends, summed, at ranks[i]. Parts that
// are missing at the end are empty.
void ring_reduce_scatter(Builder& builder, const Ranks& ranks, const Ranges& parts) {
  const std::size_t n = ranks.size();
  for (std::size_t k = 0; k + 1 < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t part = (i + 1 + k) % n;
      if (part < parts.size()) builder.send(ranks[i], ranks[(i + n - 1) % n], parts[part], Action::kReduce);
    }
  }
}

// The same way: part i begins at ranks[i] and ends everywhere.
void ring_all_gather(Builder& builder, const Ranks& ranks, const Ranges& parts) {
  const std::size_t n = ranks.size();
  for (std::size_t k = 0; k + 1 < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t part = (i + k) % n;
      if (part < parts.size()) builder.send(ranks[i], ranks[(i + n - 1) % n], parts[part], Action::kReplace);
    }
  }
}

// What rank `rank` of `power` holds after `rounds` halvings; the bit of each round says which half it keeps.
Range half_of(Range whole, std::uint32_t rank, std::uint32_t rounds, std::uint64_t element) {
  for (std::uint32_t k = 0; k < rounds; ++k) whole = part_of(whole, 2, (rank >> k) & 1U, element);
  return whole;
}

}  // namespace

Range block_of(const Shape& shape, std::uint32_t rank) {
  return part_of({0, shape.size}, shape.ranks, rank, shape.element);
}

Schedule reduce_scatter(const Shape& shape) {
  Builder builder = builder_for(shape);
  ring_reduce_scatter(builder, all_ranks(shape), cut({0, shape.size}, shape.ranks, shape.element));
  return builder.take();
}

Schedule all_gather(const Shape& shape) {
  Builder builder = builder_for(shape);
  ring_all_gather(builder, all_ranks(shape), cut({0, shape.size}, shape.ranks, shape.element));
  return builder.take();
}

Schedule ring_all_reduce(const Shape& shape) {
  Builder builder = builder_for(shape);
  const Ranges parts = cut({0, shape.size}, shape.ranks, shape.element);
  ring_reduce_scatter(builder, all_ranks(shape), parts);
  ring_all_gather(builder, all_ranks(shape), parts);
  return builder.take();
}

Schedule halving_doubling_all_reduce(const Shape& shape) {
  Builder builder = builder_for(shape);
  const Range whole{0, shape.size};
  const std::uint32_t power = std::bit_floor(shape.ranks), rest = shape.ranks - power;
  // Of the first 2 x rest ranks the even ones add themselves to their neighbours and then only wait.
  const auto rank_of = [&](std::uint32_t i) { return i < rest ? 2 * i + 1 : i + rest; };
  for (std::uint32_t i = 0; i < rest; ++i) builder.send(2 * i, 2 * i + 1, whole, Action::kReduce);
  const auto rounds = static_cast<std::uint32_t>(std::countr_zero(power));
  for (std::uint32_t k = 0; k < rounds; ++k) {
    for (std::uint32_t i = 0; i < power; ++i) {
      const std::uint32_t peer = i ^ (1U << k);
      builder.send(rank_of(i), rank_of(peer), half_of(whole, peer, k + 1, shape.element), Action::kReduce);
    }
  }
  for (std::uint32_t k = rounds; k-- > 0;) {
    for (std::uint32_t i = 0; i < power; ++i) {
      builder.send(rank_of(i), rank_of(i ^ (1U << k)), half_of(whole, i, k + 1, shape.element),
                   Action::kReplace);
    }
  }
  for (std::uint32_t i = 0; i < rest; ++i) builder.send(2 * i + 1, 2 * i, whole, Action::kReplace);
  return builder.take();
}

Schedule hierarchical_all_reduce(const Shape& shape, const std::vector<Ranks>& sites) {
  Builder builder = builder_for(shape);
  std::size_t parts = shape.ranks;
  for (const Ranks& site : sites) parts = std::min(parts, site.size());
  const Ranges ranges = cut({0, shape.size}, parts, shape.element);
  for (const Ranks& site : sites) ring_reduce_scatter(builder, site, ranges);
  for (std::size_t p = 0; p < parts; ++p) {
    Ranks across;
    for (const Ranks& site : sites) across.push_back(site[p]);
    const Ranges pieces = cut(ranges[p], across.size(), shape.element);
    ring_reduce_scatter(builder, across, pieces);
    ring_all_gather(builder, across, pieces);
  }
  for (const Ranks& site : sites) ring_all_gather(builder, site, ranges);
  return builder.take();
}

Schedule chain_broadcast(const Shape& shape) {
  Builder builder = builder_for(shape);
  for (std::uint32_t r = 0; r + 1 < shape.ranks; ++r)
    builder.send(r, r + 1, {0, shape.size}, Action::kReplace);
  return builder.take();
}

Schedule tree_broadcast(const Shape& shape) {
  Builder builder = builder_for(shape);
  for (std::uint32_t distance = std::bit_ceil(shape.ranks) / 2; distance > 0; distance /= 2) {
    for (std::uint32_t r = 0; r + distance < shape.ranks; r += 2 * distance)
      builder.send(r, r + distance, {0, shape.size}, Action::kReplace);
  }
  return builder.take();
}

Schedule all_to_all(const Shape& shape) {
  Builder builder = builder_for(shape);
  for (std::uint32_t k = 1; k < shape.ranks; ++k) {
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      const std::uint32_t to = (r + k) % shape.ranks;
      const Range block = block_of(shape, to);
      if (block.size() > 0) builder.send_whole(r, to, block, shape.size + r * block.size(), Action::kReplace);
    }
  }
  return builder.take();
}

}  // namespace longhaul::scenario::collectives
