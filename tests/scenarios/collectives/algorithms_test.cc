// SPDX-License-Identifier: GPL-2.0-only
//
// Every collective, for 1 to 17 ranks and sizes that do not divide: the right result in whatever order things
// happen, and exactly the bytes of the textbooks.
#include "scenarios/collectives/algorithms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>

#include "tests/scenarios/collectives/symbolic.h"

namespace longhaul::scenario::collectives {
namespace {

using testing::beginning;
using testing::bytes_by_edge;
using testing::bytes_in_all;
using testing::Element;
using testing::kElement;
using testing::Memory;
using testing::run;
using testing::sum_of;
using testing::test_seed;

void for_each_shape(const std::function<void(const Shape&)>& test) {
  for (std::uint32_t n = 1; n <= 17; ++n) {
    for (const std::uint64_t elements :
         {std::uint64_t{1}, std::uint64_t{n}, std::uint64_t{2 * n + 1}, std::uint64_t{41}}) {
      for (const std::uint32_t segments : {1U, 3U}) {
        SCOPED_TRACE(::testing::Message()
                     << n << " ranks, " << elements << " elements, " << segments << " segments");
        test({n, elements * kElement, segments, kElement});
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

void expect_sums_everywhere(const Schedule& schedule, const Shape& shape) {
  const std::uint64_t elements = shape.size / kElement;
  for (std::uint64_t order = 0; order < 3; ++order) {
    const std::vector<Memory> after = run(schedule, beginning(shape.ranks, elements), test_seed() + order);
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      for (std::uint64_t i = 0; i < elements; ++i)
        ASSERT_EQ(after[r][i], sum_of(shape.ranks, i)) << "element " << i << " of rank " << r;
    }
  }
}

// Round robin, as ranks are placed in racks; site 0 has the most.
std::vector<std::vector<std::uint32_t>> sites_of(std::uint32_t ranks, std::uint32_t sites) {
  std::vector<std::vector<std::uint32_t>> by_site(std::min(ranks, sites));
  for (std::uint32_t r = 0; r < ranks; ++r) by_site[r % by_site.size()].push_back(r);
  return by_site;
}

TEST(RingAllReduce, SumsEverywhere) {
  for_each_shape([](const Shape& shape) { expect_sums_everywhere(ring_all_reduce(shape), shape); });
}

TEST(RingAllReduce, EachEdgeCarriesTwiceTheVectorLessTwoBlocks) {
  for_each_shape([](const Shape& shape) {
    const std::uint32_t n = shape.ranks;
    const Schedule schedule = ring_all_reduce(shape);
    EXPECT_EQ(bytes_in_all(schedule), 2 * (n - 1) * shape.size);
    for (const auto& [edge, bytes] : bytes_by_edge(schedule)) {
      EXPECT_EQ(edge.second, (edge.first + n - 1) % n);
      EXPECT_EQ(bytes,
                2 * shape.size - block_of(shape, edge.first).size() - block_of(shape, edge.second).size());
    }
  });
}

TEST(RingAllReduce, EachRankSends2Times3QuartersOfTheVectorWithFour) {
  const Schedule schedule = ring_all_reduce({4, 1024, 1, kElement});
  for (const auto& [edge, bytes] : bytes_by_edge(schedule)) EXPECT_EQ(bytes, 2 * 3 * 1024 / 4);
  EXPECT_EQ(schedule.steps.size(), 4 * 6U);
}

TEST(HalvingDoubling, SumsEverywhere) {
  for_each_shape(
      [](const Shape& shape) { expect_sums_everywhere(halving_doubling_all_reduce(shape), shape); });
}

TEST(HalvingDoubling, SendsWhatTheTextbookSays) {
  for_each_shape([](const Shape& shape) {
    const std::uint32_t power = std::bit_floor(shape.ranks);
    EXPECT_EQ(bytes_in_all(halving_doubling_all_reduce(shape)),
              2 * (power - 1) * shape.size + 2 * (shape.ranks - power) * shape.size);
  });
}

TEST(HalvingDoubling, HalvesAtEachDistance) {
  const Schedule schedule = halving_doubling_all_reduce({8, 1024, 1, kElement});
  for (const auto& [edge, bytes] : bytes_by_edge(schedule)) {
    const std::uint32_t distance = edge.first ^ edge.second;
    EXPECT_EQ(bytes, 2 * 1024 / (2 * distance));
  }
}

TEST(HierarchicalAllReduce, SumsEverywhere) {
  for (const std::uint32_t sites : {1U, 2U, 3U, 5U}) {
    for_each_shape([&](const Shape& shape) {
      expect_sums_everywhere(hierarchical_all_reduce(shape, sites_of(shape.ranks, sites)), shape);
    });
  }
}

TEST(HierarchicalAllReduce, CrossesBetweenSitesAsOftenAsARingOfSites) {
  for (const std::uint32_t sites : {1U, 2U, 3U, 5U}) {
    for_each_shape([&](const Shape& shape) {
      const auto by_site = sites_of(shape.ranks, sites);
      std::uint64_t between = 0;
      for (const auto& [edge, bytes] : bytes_by_edge(hierarchical_all_reduce(shape, by_site))) {
        if (edge.first % by_site.size() != edge.second % by_site.size()) between += bytes;
      }
      EXPECT_EQ(between, 2 * (by_site.size() - 1) * shape.size);
    });
  }
}

TEST(ReduceScatter, SumsItsBlockAtEachRank) {
  for_each_shape([](const Shape& shape) {
    const Schedule schedule = reduce_scatter(shape);
    EXPECT_EQ(bytes_in_all(schedule), (shape.ranks - 1) * shape.size);
    const auto after = run(schedule, beginning(shape.ranks, shape.size / kElement), test_seed());
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      const Range block = block_of(shape, r);
      for (std::uint64_t i = block.begin / kElement; i < block.end / kElement; ++i)
        ASSERT_EQ(after[r][i], sum_of(shape.ranks, i));
    }
  });
}

TEST(AllGather, BringsEachBlockToAll) {
  for_each_shape([](const Shape& shape) {
    const Schedule schedule = all_gather(shape);
    EXPECT_EQ(bytes_in_all(schedule), (shape.ranks - 1) * shape.size);
    const auto after = run(schedule, beginning(shape.ranks, shape.size / kElement), test_seed());
    for (const Memory& memory : after) {
      for (std::uint32_t owner = 0; owner < shape.ranks; ++owner) {
        const Range block = block_of(shape, owner);
        for (std::uint64_t i = block.begin / kElement; i < block.end / kElement; ++i)
          ASSERT_EQ(memory[i], (Element{{{owner, i}, 1}}));
      }
    }
  });
}

void expect_broadcast(const Schedule& schedule, const Shape& shape) {
  EXPECT_EQ(bytes_in_all(schedule), (shape.ranks - 1) * shape.size);
  const auto after = run(schedule, beginning(shape.ranks, shape.size / kElement), test_seed());
  for (const Memory& memory : after) {
    for (std::uint64_t i = 0; i < memory.size(); ++i) ASSERT_EQ(memory[i], (Element{{{0, i}, 1}}));
  }
}

TEST(Broadcast, ChainAndTreeBringRank0sVectorToAll) {
  for_each_shape([](const Shape& shape) {
    expect_broadcast(chain_broadcast(shape), shape);
    expect_broadcast(tree_broadcast(shape), shape);
  });
}

TEST(Broadcast, TheTreeIsAsDeepAsTheLogarithm) {
  for (std::uint32_t n = 1; n <= 17; ++n) {
    std::vector<int> depth(n);
    for (const Step& step : tree_broadcast({n, kElement, 1, kElement}).steps)
      depth[step.to] = depth[step.from] + 1;
    EXPECT_LE(*std::max_element(depth.begin(), depth.end()), static_cast<int>(std::bit_width(n - 1))) << n;
  }
}

TEST(AllToAll, BringsEveryPairItsBlock) {
  for_each_shape([](const Shape& shape) {
    const Schedule schedule = all_to_all(shape);
    EXPECT_EQ(bytes_in_all(schedule), (shape.ranks - 1) * shape.size);
    // Blocks differ by one element, so the second half may need one more for each rank.
    const std::uint64_t elements = shape.size / kElement;
    const auto after = run(schedule, beginning(shape.ranks, 2 * elements + shape.ranks), test_seed());
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      const Range own = block_of(shape, r);
      const std::uint64_t length = own.size() / kElement;
      for (std::uint32_t from = 0; from < shape.ranks; ++from) {
        for (std::uint64_t i = 0; from != r && i < length; ++i)
          ASSERT_EQ(after[r][elements + from * length + i], (Element{{{from, own.begin / kElement + i}, 1}}));
      }
    }
  });
}

TEST(PartOf, CutsWithoutGapsAndOnElements) {
  for (const std::uint64_t parts : {1U, 3U, 7U, 50U}) {
    std::uint64_t at = 8;
    for (std::uint64_t i = 0; i < parts; ++i) {
      const Range part = part_of({8, 8 + 41 * kElement}, parts, i, kElement);
      EXPECT_EQ(part.begin, at);
      EXPECT_EQ(part.size() % kElement, 0U);
      EXPECT_LE(part.size(), (41 + parts - 1) / parts * kElement);
      at = part.end;
    }
    EXPECT_EQ(at, 8 + 41 * kElement);
  }
}

}  // namespace
}  // namespace longhaul::scenario::collectives
