// SPDX-License-Identifier: GPL-2.0-only
#include "results/judge_delays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/judge.h"
#include "tests/results/sample_record.h"

namespace longhaul::results {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Bounds kBounds{.lateness_p99 = Duration::microseconds(200),
                         .lateness_invalid = Duration::milliseconds(2),
                         .background_age_p99 = Duration::milliseconds(5),
                         .background_age_invalid = Duration::milliseconds(50)};
constexpr const char* kNoted =
    "the host probes had no room for 4 samples, 0 stamps, 0 connections and 0 frames of flows";

RunRecord probed_record() {
  RunRecord record = testing::sample_record();
  testing::add_host_probes(record);
  return record;
}

// The flow's links take 6.63 ms at least, by 500 ppm of which the clocks may differ: 3.315 us.
void set_residual(RunRecord& record, std::int64_t ns) {
  OneWayDelay& delay = record.host_probes.delays[0];
  delay.min_ns = delay.expected_ns + ns;
}

TEST(JudgeDelays, WhatCameInTimeIsSaid) {
  const DelayFindings findings = check_one_way_delays(probed_record());
  EXPECT_THAT(findings.invalid, IsEmpty());
  EXPECT_THAT(findings.noted, IsEmpty());
  EXPECT_THAT(findings.checked, ElementsAre("seen from the hosts, none of 19 frames of 1 flows came earlier "
                                            "than its links allow (by +31.2 us at least)"));
  EXPECT_EQ(judge(probed_record(), kBounds).verdict, Verdict::kValid);
}

TEST(JudgeDelays, AFrameThatCameTooEarlyMakesTheRunInvalid) {
  RunRecord record = probed_record();
  set_residual(record, -3'316);
  EXPECT_THAT(check_one_way_delays(record).invalid,
              ElementsAre("a frame of tcp 10.71.0.1:40000 > 10.71.0.3:5001 came to mtp-0 after 6.627 ms, its "
                          "links take 6.630 ms at least"));
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kInvalid);
}

TEST(JudgeDelays, WhatClocksMayDifferByIsAllowed) {
  RunRecord record = probed_record();
  set_residual(record, -3'315);
  EXPECT_THAT(check_one_way_delays(record).invalid, IsEmpty());
  // Within a site nothing is expected, so nothing is allowed either.
  record.host_probes.delays[0].expected_ns = 0;
  record.host_probes.delays[0].min_ns = -1;
  EXPECT_EQ(check_one_way_delays(record).invalid.size(), 1U);
}

TEST(JudgeDelays, AfterALiveChangeNobodyKnowsWhatToExpect) {
  RunRecord record = probed_record();
  set_residual(record, -1'000'000);
  record.live_changes.add({3.25, "wan: delay 1 ms"});
  EXPECT_THAT(check_one_way_delays(record).invalid, IsEmpty());
  EXPECT_THAT(check_one_way_delays(record).checked, IsEmpty());
}

TEST(JudgeDelays, WhatFoundNoRoomIsNotedAndNoFault) {
  RunRecord record = probed_record();
  record.host_probes.samples_lost = 4;
  EXPECT_THAT(check_one_way_delays(record).noted, ElementsAre(kNoted));
  const Judgement judgement = judge(record, kBounds);
  EXPECT_EQ(judgement.verdict, Verdict::kValid);
  EXPECT_THAT(judgement.reasons, Contains(kNoted));
}

TEST(JudgeDelays, WithoutProbesThereIsNothingToSay) {
  const DelayFindings findings = check_one_way_delays(testing::sample_record());
  EXPECT_THAT(findings.checked, IsEmpty());
  EXPECT_THAT(findings.noted, IsEmpty());
}

}  // namespace
}  // namespace longhaul::results
