// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/all_reduce_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace longhaul::scenario {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kKilled = 9;              // waitpid() status: signal 9
constexpr int kExitedWithOne = 1 << 8;  // waitpid() status: exit status 1

// Two sizes, one warm-up and two timed iterations on two ranks: 3 checked iterations per size.
class Controller : public ::testing::Test {
 protected:
  static Collective workload() {
    Collective workload;
    workload.sizes = {Bytes(8), Bytes(4000)};
    workload.warmup = 1;
    workload.iterations = 2;
    return workload;
  }

  static RankSize small(std::vector<std::int64_t> start_ns, std::vector<std::int64_t> end_ns,
                        std::uint64_t wrong = 0) {
    return {8, std::move(start_ns), std::move(end_ns), wrong, 2 * 3};
  }
  static RankSize large() { return {4000, {100, 300}, {200, 400}, 0, 1000 * 3}; }

  void tell(std::size_t rank, const RankReport& report) { controller_.line(rank, to_line(report)); }
  void make_ready() {
    tell(0, RankReady{});
    tell(1, RankReady{});
  }
  void complete(std::size_t rank) {
    tell(rank, small({1, 3}, {2, 4}));
    tell(rank, large());
    tell(rank, RankDone{});
  }

  AllReduceController controller_{workload(), {"atl-0", "mtp-0"}};
};

TEST_F(Controller, FollowsARunToItsEnd) {
  EXPECT_FALSE(controller_.all_ready());
  EXPECT_EQ(controller_.progress().ranks_ready, 0U);
  tell(0, RankReady{});
  EXPECT_FALSE(controller_.all_ready());
  EXPECT_EQ(controller_.progress().ranks_ready, 1U);
  tell(1, RankReady{});
  EXPECT_TRUE(controller_.all_ready());
  EXPECT_EQ(controller_.progress().current.size_bytes, 8U);

  complete(0);
  EXPECT_TRUE(controller_.finished(0));
  EXPECT_FALSE(controller_.finished(1));
  EXPECT_FALSE(controller_.all_done());
  EXPECT_TRUE(controller_.results().empty());  // rank 1 has not reported the first size
  complete(1);
  EXPECT_TRUE(controller_.all_done());
  EXPECT_EQ(controller_.results().size(), 2U);

  controller_.ended(0, 0);
  controller_.ended(1, 0);
  EXPECT_TRUE(controller_.all_done());
  EXPECT_FALSE(controller_.failed());
  EXPECT_EQ(controller_.failure(), "");
  EXPECT_EQ(controller_.progress().sizes_done, 2U);
}

TEST_F(Controller, ProgressIsThatOfTheSlowestRank) {
  make_ready();
  tell(0, RankProgress{8, Phase::kTimed, 2, 2});
  EXPECT_EQ(controller_.progress().current.iteration, 0U);
  tell(1, RankProgress{8, Phase::kTimed, 1, 2});
  EXPECT_EQ(controller_.progress().current.iteration, 1U);
  EXPECT_EQ(controller_.progress().current.phase, Phase::kTimed);
  tell(1, small({1, 3}, {2, 4}));
  EXPECT_EQ(controller_.progress().current.iteration, 2U);
  EXPECT_EQ(controller_.progress().sizes_done, 0U);
  tell(0, small({1, 3}, {2, 4}));
  EXPECT_EQ(controller_.progress().sizes_done, 1U);
  EXPECT_EQ(controller_.progress().current.size_bytes, 4000U);
}

TEST_F(Controller, MeasuresAsNcclTestsDo) {
  make_ready();
  // Rank 0: iterations of 3 and 5 us, 9 us in all. Rank 1: 4 and 2 us, 7 us in all.
  tell(0, small({1'000, 5'000}, {4'000, 10'000}, 1));
  tell(1, small({2'000, 7'000}, {6'000, 9'000}, 2));
  ASSERT_EQ(controller_.results().size(), 1U);
  const results::CollectiveResult result = controller_.results()[0];
  EXPECT_EQ(result.size_bytes, 8U);
  EXPECT_EQ(result.count, 2U);
  EXPECT_EQ(result.type, "float");
  EXPECT_EQ(result.op, "sum");
  EXPECT_EQ(result.iterations, 2U);
  EXPECT_THAT(result.times_us, ::testing::ElementsAre(4.0, 5.0));
  EXPECT_DOUBLE_EQ(result.time_us, (9.0 / 2 + 7.0 / 2) / 2);  // 4 us
  EXPECT_DOUBLE_EQ(result.algbw_gbps, 8 / 4e-6 / 1e9);
  EXPECT_DOUBLE_EQ(result.busbw_gbps, result.algbw_gbps);  // 2(n-1)/n = 1 with two ranks
  EXPECT_EQ(result.wrong, 3U);
  EXPECT_EQ(result.checked_iterations, 3U);  // one warm-up, the last timed, the one after it
}

TEST(ControllerOfFour, BusBandwidthIsOneAndAHalfTimesAlgorithmBandwidth) {
  Collective workload;
  workload.sizes = {Bytes(16'777'216)};
  workload.warmup = 0;
  workload.iterations = 1;
  AllReduceController controller(workload, {"a", "b", "c", "d"});
  for (std::size_t rank = 0; rank < 4; ++rank) {
    controller.line(rank, to_line(RankReady{}));
    controller.line(rank, to_line(RankSize{16'777'216, {1'000'000}, {215'000'000}, 0, 4'194'304 * 2}));
  }
  ASSERT_EQ(controller.results().size(), 1U) << controller.failure();
  const auto result = controller.results()[0];
  EXPECT_NEAR(result.time_us, 214'000, 1e-6);
  EXPECT_NEAR(result.algbw_gbps, 0.0783982, 1e-6);
  EXPECT_NEAR(result.busbw_gbps, 0.1175973, 1e-6);
  EXPECT_EQ(result.checked_iterations, 2U);  // no warm-up
}

TEST_F(Controller, ARankThatVanishesIsTheCauseThoughOthersComplainFirst) {
  make_ready();
  tell(1, RankProgress{8, Phase::kTimed, 1, 2});
  tell(0, RankError{"Connection closed by peer"});
  controller_.ended(0, kExitedWithOne);
  EXPECT_THAT(controller_.failure(), HasSubstr("rank 0 (host atl-0): Connection closed by peer"));
  controller_.ended(1, kKilled);
  EXPECT_THAT(
      controller_.failure(),
      AllOf(
          HasSubstr("rank 1 (host mtp-0): ended early (killed by signal 9), at 8 B, timed iteration 1 of 2"),
          HasSubstr("1 more rank failed too")));
  EXPECT_TRUE(controller_.finished(0));
  EXPECT_TRUE(controller_.finished(1));
  EXPECT_FALSE(controller_.all_done());
}

TEST_F(Controller, OfTwoReportedErrorsTheFirstIsTheCause) {
  tell(1, RankError{"Unable to find address for: eth7"});
  tell(0, RankError{"Wait timeout for key(s): x/1"});
  EXPECT_THAT(controller_.failure(), HasSubstr("rank 1 (host mtp-0): Unable to find address for: eth7"));
}

TEST_F(Controller, ARankThatWasNeverHeardOfIsNamed) {
  tell(0, RankError{"Wait timeout for key(s): x/1"});
  EXPECT_THAT(controller_.failure(), AllOf(HasSubstr("rank 0 (host atl-0): Wait timeout"),
                                           HasSubstr("nothing was heard from rank 1 (host mtp-0)")));
}

TEST_F(Controller, GivingUpNamesWhoIsNotReady) {
  tell(0, RankReady{});
  controller_.give_up("not connected after 10 s");
  EXPECT_TRUE(controller_.failed());
  EXPECT_EQ(controller_.failure(), "not connected after 10 s: not ready: rank 1 (host mtp-0)");
}

TEST_F(Controller, GivingUpNamesWhoIsFurthestBehind) {
  make_ready();
  tell(0, RankProgress{8, Phase::kTimed, 2, 2});
  tell(1, RankProgress{8, Phase::kTimed, 1, 2});
  controller_.give_up("no progress for 20 s");
  EXPECT_EQ(controller_.failure(),
            "no progress for 20 s: furthest behind is rank 1 (host mtp-0), at 8 B, timed iteration 1 of 2");
}

TEST_F(Controller, ExitsAfterGivingUpAreNoNews) {
  make_ready();
  tell(0, RankError{"Read timeout"});
  controller_.give_up("stopping");
  controller_.ended(0, kExitedWithOne);
  controller_.ended(1, kKilled);  // by the runner itself
  controller_.line(1, "half a li");
  EXPECT_EQ(controller_.failure(), "rank 0 (host atl-0): Read timeout");
}

TEST_F(Controller, GivingUpAfterTheEndIsNoFailure) {
  make_ready();
  complete(0);
  complete(1);
  controller_.give_up("interrupted");
  EXPECT_TRUE(controller_.all_done());
  EXPECT_EQ(controller_.failure(), "");
}

TEST_F(Controller, ANonZeroExitAfterDoneIsAFailure) {
  make_ready();
  complete(0);
  complete(1);
  controller_.ended(1, kExitedWithOne);
  EXPECT_FALSE(controller_.all_done());
  EXPECT_THAT(controller_.failure(),
              HasSubstr("rank 1 (host mtp-0): ended early (exit status 1), after it reported"));
}

TEST_F(Controller, ACleanExitBeforeDoneIsAFailure) {
  make_ready();
  controller_.ended(0, 0);
  EXPECT_THAT(controller_.failure(), HasSubstr("rank 0 (host atl-0): ended early (exit status 0), at 8 B"));
}

TEST(ControllerOfNothing, IsRefused) {
  Collective workload;
  workload.sizes = {Bytes(8)};
  EXPECT_THROW(AllReduceController(workload, {"alone"}), std::invalid_argument);
  workload.iterations = 0;
  EXPECT_THROW(AllReduceController(workload, {"a", "b"}), std::invalid_argument);
  workload.iterations = 1;
  workload.sizes.clear();
  EXPECT_THROW(AllReduceController(workload, {"a", "b"}), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::scenario
