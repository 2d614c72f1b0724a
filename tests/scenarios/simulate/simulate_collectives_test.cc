// SPDX-License-Identifier: GPL-2.0-only
//
// Collectives other than Gloo's in virtual time: about as long as their closed forms say, with the figures of
// nccl-tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/predict.h"
#include "tests/scenarios/simulate/simulate_fixture.h"

namespace longhaul::scenario {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char *kind, *algorithm;
  const char* title;      // nccl-tests'
  double bus;             // busbw / algbw with four ranks
  std::uint64_t counted;  // elements of 4 MiB
  const char* op;
  int root;
};

class SimulateCollective : public Simulate, public ::testing::WithParamInterface<Case> {};

// Less where iterations overlap, as in a broadcast; more where TCP's window has to grow.
TEST_P(SimulateCollective, TakesAboutAsLongAsItsClosedForm) {
  const Case& c = GetParam();
  const RunOutcome outcome = run(first_light({{"workload.kind", c.kind},
                                              {"workload.algorithm", c.algorithm},
                                              {"workload.sizes", "[4 MiB]"},
                                              {"workload.iterations", "3"}}));
  const results::RunRecord& record = outcome.record;
  ASSERT_EQ(record.judgement.verdict, results::Verdict::kValid) << record.judgement.reasons.front();
  EXPECT_EQ(record.collective, c.title);
  EXPECT_EQ(record.algorithm, c.algorithm);
  ASSERT_EQ(record.collectives.size(), 1U);
  const results::CollectiveResult& result = record.collectives[0];
  EXPECT_NEAR(result.busbw_gbps / result.algbw_gbps, c.bus, 1e-9);
  EXPECT_EQ(result.count, c.counted);
  EXPECT_EQ(result.op, c.op);
  EXPECT_EQ(result.root, c.root);
  EXPECT_EQ(result.scheduled_us, 0);
  EXPECT_GT(result.time_us, 0.85 * result.predicted_us);
  EXPECT_LT(result.time_us, 1.35 * result.predicted_us);
}

INSTANTIATE_TEST_SUITE_P(
    All, SimulateCollective,
    ::testing::Values(Case{"allreduce", "hierarchical", "AllReduce", 1.5, 1 << 20, "sum", -1},
                      Case{"reduce_scatter", "ring", "ReduceScatter", 0.75, 1 << 18, "sum", -1},
                      Case{"all_gather", "ring", "AllGather", 0.75, 1 << 18, "none", -1},
                      Case{"broadcast", "chain", "Broadcast", 1, 1 << 20, "none", 0},
                      Case{"broadcast", "tree", "Broadcast", 1, 1 << 20, "none", 0},
                      Case{"all_to_all", "pairwise", "AlltoAll", 0.75, 1 << 18, "none", -1}),
    [](const auto& made) { return std::string(made.param.title) + "By" + made.param.algorithm; });

// What crosses the link each way is the least that is possible: half of it per rank and site.
TEST_F(Simulate, AHierarchicalAllReduceCrossesTheLinkOnce) {
  const auto crossed = [&](const char* algorithm) {
    const RunOutcome outcome = run(first_light({{"workload.algorithm", algorithm},
                                                {"workload.sizes", "[4 MiB]"},
                                                {"workload.warmup", "0"},
                                                {"workload.iterations", "1"}}),
                                   algorithm);
    return static_cast<double>(outcome.record.directions[topology::kForward].counters.in.bytes);
  };
  EXPECT_NEAR(crossed("hierarchical") / (4 << 20), 1.0, 0.03);
  EXPECT_NEAR(crossed("ring") / (4 << 20), 1.5, 0.03);
}

TEST_F(Simulate, CollectivesGiveTheSameBytesForTheSameSeed) {
  const auto lossy = first_light({{"workload.kind", "all_to_all"},
                                  {"workload.algorithm", "pairwise"},
                                  {"workload.sizes", "[1 MiB]"},
                                  {"workload.iterations", "2"},
                                  {"topology.links.wan.loss", "1e-2"}});
  run(lossy, "one"), run(lossy, "two");
  EXPECT_EQ(files("one"), files("two"));
  EXPECT_THAT(files("one").at("collectives.json"), HasSubstr("AlltoAll"));
}

}  // namespace
}  // namespace longhaul::scenario
