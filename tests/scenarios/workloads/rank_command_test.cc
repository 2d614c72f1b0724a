// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_command.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace longhaul::scenario {
namespace {

TEST(RankArguments, AreSpelledOut) {
  Collective workload;
  workload.algorithm = Algorithm::kHalvingDoubling;
  workload.sizes = {Bytes(4096), Bytes(16'777'216)};
  workload.warmup = 3;
  workload.iterations = 25;
  const RankLaunch launch{.program = "/usr/bin/longhaul-rank",
                          .rank = 2,
                          .ranks = 4,
                          .interface = "eth0",
                          .store = "/tmp/store dir",
                          .run_id = "first-light-1",
                          .timeout = Duration::milliseconds(8600) + Duration::picoseconds(1)};
  const std::vector<std::string> expected{"/usr/bin/longhaul-rank",
                                          "--rank=2",
                                          "--size=4",
                                          "--interface=eth0",
                                          "--store=/tmp/store dir",
                                          "--run-id=first-light-1",
                                          "--algorithm=halving-doubling",
                                          "--sizes=4096,16777216",
                                          "--warmup=3",
                                          "--iterations=25",
                                          "--timeout-ms=8601"};
  EXPECT_EQ(rank_arguments(workload, launch), expected);
}

TEST(CollectiveTimeout, WorkedExample) {
  const Duration timeout = collective_timeout(Duration::microseconds(13'260), Bytes(16'777'216), 117.7e6, 4);
  EXPECT_NEAR(timeout.to_seconds(), 5 + 10 * (1.5 * 16'777'216 / 117.7e6 + 6 * 0.01326) + 50 * 0.01326, 1e-6);
  EXPECT_NEAR(timeout.to_seconds(), 8.60, 0.01);
}

TEST(CollectiveTimeout, StaysGenerousOnAFastShortLinkAndGrowsWithEverything) {
  const Duration rtt = Duration::milliseconds(10);
  const Duration base = collective_timeout(rtt, Bytes(1 << 20), 1e8, 4);
  EXPECT_GE(collective_timeout(Duration{}, Bytes(4), 1e12, 2), Duration::seconds(5));
  EXPECT_GT(collective_timeout(rtt * 2, Bytes(1 << 20), 1e8, 4), base);
  EXPECT_GT(collective_timeout(rtt, Bytes(1 << 21), 1e8, 4), base);
  EXPECT_GT(collective_timeout(rtt, Bytes(1 << 20), 0.5e8, 4), base);
  EXPECT_GT(collective_timeout(rtt, Bytes(1 << 20), 1e8, 8), base);
}

TEST(CollectiveTimeout, RefusesWhatItCannotPredict) {
  const Duration rtt = Duration::milliseconds(10);
  EXPECT_THROW(collective_timeout(rtt, Bytes(4096), 0, 4), std::invalid_argument);
  EXPECT_THROW(collective_timeout(rtt, Bytes(4096), -1, 4), std::invalid_argument);
  EXPECT_THROW(collective_timeout(rtt, Bytes(4096), 1e8, 1), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::scenario
