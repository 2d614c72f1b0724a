// SPDX-License-Identifier: GPL-2.0-only
//
// Whole scenarios in virtual time: as long as the closed forms say, the same bytes twice, and nothing but
// links loses a frame.
#include "scenarios/simulate/simulate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ns3/pcap-file.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>

#include "tests/scenarios/simulate/simulate_fixture.h"

namespace longhaul::scenario {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

double percent_off(double measured, double expected) {
  return 100 * (measured - expected) / expected;
}

TEST_F(Simulate, TakesAsLongAsGloosScheduleAboveOneMebibyte) {
  const RunOutcome outcome =
      run(first_light({{"workload.sizes", "[4 MiB, 16 MiB]"}, {"workload.iterations", "3"}}));
  ASSERT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid)
      << fmt::format("{}", outcome.record.judgement.reasons.front());
  ASSERT_EQ(outcome.record.collectives.size(), 2U);
  for (const results::CollectiveResult& result : outcome.record.collectives) {
    EXPECT_LT(std::abs(percent_off(result.time_us, result.scheduled_us)), 10)
        << result.size_bytes << " B: " << result.time_us << " us, schedule " << result.scheduled_us << " us";
    EXPECT_GT(result.time_us, result.scheduled_us);
  }
}

TEST_F(Simulate, TakesAsLongAsTheClosedFormWithHalvingDoubling) {
  const RunOutcome outcome = run(first_light({{"workload.algorithm", "halving-doubling"},
                                              {"workload.sizes", "[64 KiB, 4 MiB]"},
                                              {"workload.iterations", "2"}}));
  ASSERT_EQ(outcome.record.collectives.size(), 2U);
  for (const results::CollectiveResult& result : outcome.record.collectives)
    EXPECT_LT(std::abs(percent_off(result.time_us, result.scheduled_us)), 10) << result.size_bytes;
}

TEST_F(Simulate, GivesTheSameBytesForTheSameSeedOnly) {
  const auto lossy = [](const std::string& seed) {
    return first_light({{"workload.sizes", "[1 MiB]"},
                        {"workload.iterations", "2"},
                        {"topology.links.wan.loss", "1e-2"},
                        {"seed", seed}});
  };
  RunOptions with_decisions;
  with_decisions.log_decisions = true;
  run(lossy("5"), "one", with_decisions), run(lossy("5"), "two", with_decisions), run(lossy("6"), "three");
  EXPECT_EQ(files("one").size(), 5U);
  EXPECT_EQ(files("one"), files("two"));
  EXPECT_NE(files("one").at("links.csv"), files("three").at("links.csv"));
}

TEST_F(Simulate, EachDropIsADecisionWithItsCause) {
  RunOptions options;
  options.log_decisions = true;
  const RunOutcome outcome = run(
      first_light(
          {{"workload.sizes", "[1 MiB]"}, {"workload.iterations", "2"}, {"topology.links.wan.loss", "1e-2"}}),
      "run", options);
  std::uint64_t lost = 0;
  for (const results::DirectionResult& direction : outcome.record.directions)
    lost += direction.counters.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)].frames;
  EXPECT_GT(lost, 0U);
  ASSERT_TRUE(outcome.record.decisions);
  EXPECT_EQ(outcome.record.decisions->written, lost);
  EXPECT_EQ(outcome.record.decisions->lost, 0U);
  const std::string rows = files("run").at("decisions.csv");
  std::uint64_t named = 0;
  for (std::size_t at = rows.find("line_loss"); at != std::string::npos; at = rows.find("line_loss", at + 1))
    ++named;
  EXPECT_EQ(named, lost);
}

TEST_F(Simulate, ALinksTimelineHappensInVirtualTime) {
  const Changes quiet{{"workload.sizes", "[64 KiB]"}, {"workload.warmup", "0"}, {"workload.iterations", "8"}};
  const std::vector<double> without = run(first_light(quiet), "a").record.collectives.at(0).times_us;
  Changes dark = quiet;
  dark.emplace_back("topology.links.wan.timeline",
                    "[{at: 300 ms, protection_switch: {outage: 1 ms, delay: 20 ms}}]");
  const std::vector<double> with = run(first_light(dark), "b").record.collectives.at(0).times_us;
  ASSERT_EQ(with.size(), without.size());
  EXPECT_EQ(with.front(), without.front());
  EXPECT_GT(with.back(), 2 * without.back());
}

TEST_F(Simulate, FlowsOverSpansOfEqualCostCountOnBoth) {
  const Scenario scenario =
      from_library("parallel-spans", {{"workload.sizes", "[1 MiB]"}, {"workload.iterations", "1"}});
  const RunOutcome outcome = run(scenario);
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  EXPECT_EQ(outcome.record.directions.size(), 2 * scenario.topology.links.size());
  for (const results::DirectionResult& direction : outcome.record.directions)
    EXPECT_TRUE(direction.counters.conserved()) << direction.link;
}

TEST_F(Simulate, WritesEveryFrameThatLeftALinkWhenAsked) {
  const Scenario scenario = first_light({{"workload.sizes", "[256 KiB]"},
                                         {"workload.iterations", "2"},
                                         {"topology.links.wan.loss", "1e-2"},
                                         {"coupling", "{ pcap: true }"}});
  const RunOutcome outcome = run(scenario, "one");
  run(scenario, "two");
  EXPECT_EQ(files("one/ns3"), files("two/ns3"));
  EXPECT_THAT(files("one/ns3"), ElementsAre(Key("wan-forward.pcap"), Key("wan-reverse.pcap")));
  for (const topology::Direction d : {topology::kForward, topology::kReverse}) {
    const core::LinkCounters& counters = outcome.record.directions[d].counters;
    EXPECT_GT(counters.dropped_in_all().frames, 0U);
    ns3::PcapFile file;
    file.Open(path("one") / "ns3" / (d == topology::kForward ? "wan-forward.pcap" : "wan-reverse.pcap"),
              std::ios::in | std::ios::binary);
    ASSERT_TRUE(file.IsNanoSecMode());
    core::Tally seen;
    double last = 0;
    for (std::array<std::uint8_t, 256> bytes{};;) {
      std::uint32_t seconds = 0, ns = 0, kept = 0, size = 0, read = 0;
      file.Read(bytes.data(), bytes.size(), seconds, ns, kept, size, read);
      if (file.Eof()) break;
      seen.add(size);
      EXPECT_EQ(kept, std::min(size, 128U));
      EXPECT_EQ((std::array{bytes[12], bytes[13], bytes[14]}), (std::array<std::uint8_t, 3>{8, 0, 0x45}));
      EXPECT_EQ((std::array{bytes[23], bytes[26], bytes[27]}), (std::array<std::uint8_t, 3>{6, 10, 71}))
          << "TCP";
      EXPECT_GE(seconds + ns * 1e-9, last);
      last = seconds + ns * 1e-9;
    }
    EXPECT_EQ(seen, counters.out);
    EXPECT_LE(last, outcome.record.elapsed_s);
    EXPECT_GE(last, 0.05);
  }
}

TEST_F(Simulate, WritesOnlyWhatLeftInlineLinksWhereThereAreSome) {
  run(from_library("inline-two-hops",
                   {{"workload.sizes", "[64 KiB]"}, {"workload.iterations", "1"}, {"coupling.pcap", "true"}}),
      "inline");
  run(first_light({{"workload.sizes", "[64 KiB]"}, {"workload.iterations", "1"}}), "none");
  EXPECT_THAT(files("inline/ns3"), ElementsAre(Key("first-forward.pcap"), Key("first-reverse.pcap"),
                                               Key("second-forward.pcap"), Key("second-reverse.pcap")));
  EXPECT_FALSE(exists("none/ns3"));
}

TEST_F(Simulate, AnInterruptLeavesValidFilesAndSaysSo) {
  interrupted_ = true;
  const RunOutcome outcome = run(first_light({}));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kInvalid);
  EXPECT_THAT(outcome.record.judgement.reasons, Contains(HasSubstr("interrupted at")));
  EXPECT_EQ(files("run").size(), 4U);
}

TEST_F(Simulate, AWayThatStaysDarkEndsTheRun) {
  const RunOutcome outcome = run(first_light({{"topology.links.wan.loss", "1"}}));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kInvalid);
  EXPECT_THAT(outcome.record.judgement.reasons, Contains(HasSubstr("the workload failed")));
  EXPECT_TRUE(outcome.record.collectives.empty());
}

TEST_F(Simulate, RefusesACongestionControlThatNs3DoesNotHave) {
  const Scenario scenario = first_light({{"workload.congestion_control", "prague"}});
  try {
    run(scenario);
    FAIL() << "it ran";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("prague"), HasSubstr("allowed: bbr")));
  }
}

// As on a full disk: no file may grow.
TEST_F(Simulate, WhatCannotBeWrittenIsNamedAndLeavesNothing) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const RunOutcome outcome =
      run(first_light(
              {{"workload.sizes", "[4 KiB]"}, {"workload.iterations", "1"}, {"coupling", "{ pcap: true }"}}),
          "full");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(outcome.record.unwritten,
              ElementsAre(HasSubstr("links.csv: File too large"), HasSubstr("ns3/wan-forward.pcap"),
                          HasSubstr("ns3/wan-reverse.pcap"), HasSubstr("File too large")));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kDegraded);
  EXPECT_EQ(outcome.record.judgement.reasons.front(), outcome.record.unwritten.front());
  EXPECT_TRUE(outcome.directory.empty());
  EXPECT_FALSE(exists("full"));
}

}  // namespace
}  // namespace longhaul::scenario
