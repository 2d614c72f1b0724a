// SPDX-License-Identifier: GPL-2.0-only
//
// Lines that a rank must not send, and what the controller says about them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "scenarios/workloads/all_reduce_controller.h"

namespace longhaul::scenario {
namespace {

using ::testing::HasSubstr;

struct BadLine {
  const char* name;
  std::function<std::vector<std::string>()> lines;  // of rank 1; the last one is at fault
  const char* expected;
};

// Two sizes, one warm-up and two timed iterations on two ranks: 3 checked iterations per size.
class BadRank : public ::testing::TestWithParam<BadLine> {
 protected:
  static Collective workload() {
    Collective workload;
    workload.sizes = {Bytes(8), Bytes(4000)};
    workload.warmup = 1;
    workload.iterations = 2;
    return workload;
  }
  AllReduceController controller_{workload(), {"atl-0", "mtp-0"}};
};

TEST_P(BadRank, FailsTheRunAndIsNamed) {
  controller_.line(0, to_line(RankReady{}));
  const std::vector<std::string> lines = GetParam().lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_FALSE(controller_.failed()) << controller_.failure();
    controller_.line(1, lines[i]);
  }
  EXPECT_THAT(controller_.failure(), HasSubstr("rank 1 (host mtp-0): "));
  EXPECT_THAT(controller_.failure(), HasSubstr(GetParam().expected));
  EXPECT_TRUE(controller_.finished(1));
}

std::vector<std::string> lines_of(const std::vector<RankReport>& reports) {
  std::vector<std::string> lines;
  for (const RankReport& report : reports) lines.push_back(to_line(report));
  return lines;
}

const RankSize kSmall{8, {1, 3}, {2, 4}, 0, 6};
const RankSize kLarge{4000, {1, 3}, {2, 4}, 0, 3000};

RankSize with(RankSize size, const std::function<void(RankSize&)>& change) {
  change(size);
  return size;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRank,
    ::testing::Values(
        BadLine{"Noise", [] { return std::vector<std::string>{"[W pair.cc:42] hello\n"}; },
                "malformed report"},
        BadLine{"ReadyTwice",
                [] {
                  return lines_of({RankReady{}, RankReady{}});
                },
                "\"ready\" came twice"},
        BadLine{"SizeBeforeReady", [] { return lines_of({kSmall}); }, "before \"ready\""},
        BadLine{"DoneBeforeReady", [] { return lines_of({RankDone{}}); }, "before \"ready\""},
        BadLine{"DoneTooEarly",
                [] {
                  return lines_of({RankReady{}, kSmall, RankDone{}});
                },
                "after 1 of 2 sizes"},
        BadLine{"SizeOutOfOrder",
                [] {
                  return lines_of({RankReady{}, kLarge});
                },
                "result of 4000 B, expected 8 B"},
        BadLine{"SizeTwice",
                [] {
                  return lines_of({RankReady{}, kSmall, kSmall});
                },
                "result of 8 B, expected 4000 B"},
        BadLine{"SizeTooMany",
                [] {
                  return lines_of({RankReady{}, kSmall, kLarge, kLarge});
                },
                "result of 4000 B, expected \"done\""},
        BadLine{"ReportAfterDone",
                [] {
                  return lines_of({RankReady{}, kSmall, kLarge, RankDone{}, RankDone{}});
                },
                "after \"done\""},
        BadLine{"ProgressOfOtherSize",
                [] {
                  return lines_of({RankReady{}, RankProgress{4000, Phase::kTimed, 1, 2}});
                },
                "progress at 4000 B, expected 8 B"},
        BadLine{"ProgressPastTheEnd",
                [] {
                  return lines_of({RankReady{}, RankProgress{8, Phase::kTimed, 3, 2}});
                },
                "iteration 3 of 2"},
        BadLine{"IterationMissing",
                [] {
                  return lines_of({RankReady{}, with(kSmall, [](RankSize& s) { s.start_ns.pop_back(); })});
                },
                "1 starts and 2 ends for 2 timed iterations"},
        BadLine{"EndsBeforeItStarts",
                [] {
                  return lines_of({RankReady{}, with(kSmall, [](RankSize& s) { s.end_ns[1] = 3; })});
                },
                "timed iteration 2 runs from 3 ns to 3 ns"},
        BadLine{"IterationsOverlap",
                [] {
                  return lines_of({RankReady{}, with(kSmall, [](RankSize& s) { s.start_ns[1] = 1; })});
                },
                "timed iteration 2 runs from 1 ns to 4 ns"},
        BadLine{"NotAllChecked",
                [] {
                  return lines_of({RankReady{}, with(kSmall, [](RankSize& s) { s.checked = 5; })});
                },
                "expected 6 checked"},
        BadLine{"MoreWrongThanChecked",
                [] {
                  return lines_of({RankReady{}, with(kSmall, [](RankSize& s) { s.wrong = 7; })});
                },
                "7 of 6 checked elements wrong"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace longhaul::scenario
