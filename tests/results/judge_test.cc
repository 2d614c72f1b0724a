// SPDX-License-Identifier: GPL-2.0-only
//
// Each rule alone turns the verdict of a run that is VALID without it.
#include "results/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/results/sample_record.h"

namespace longhaul::results {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Bounds kBounds{.lateness_p99 = Duration::microseconds(200),
                         .lateness_invalid = Duration::milliseconds(2),
                         .background_age_p99 = Duration::milliseconds(5),
                         .background_age_invalid = Duration::milliseconds(50)};

TEST(Judge, ValidSaysWhatWasChecked) {
  const Judgement judgement = judge(testing::sample_record(), kBounds);
  EXPECT_EQ(judgement.verdict, Verdict::kValid);
  EXPECT_THAT(
      judgement.reasons,
      ElementsAre(
          "no emulator loss at 4 ports in 16 places",
          "conserved exactly: 201233 frames in = out + dropped + held on 2 link directions",
          "lateness P99 31.2 us <= 200 us in the worst direction, none of 201206 frames early",
          "CPU 3 of the data plane: taken away for 55.5 ms of 20.0 s (steal 30 ms, softirq 40 ms, irq 10 "
          "ms, 17 involuntary switches), 41 gaps of 12.2 ms in all, longest turn 1.9 ms",
          "sums correct in 21 checked iterations at 3 sizes",
          "all 20 probes answered, no sample of links.csv missing"));
}

struct Rule {
  const char* name;
  std::function<void(RunRecord&)> fault;
  Verdict verdict;
  const char* reason;  // the only one, or its telling part
};

void PrintTo(const Rule& rule, std::ostream* out) {
  *out << rule.name;
}

class JudgeRule : public ::testing::TestWithParam<Rule> {};

TEST_P(JudgeRule, AloneTurnsTheVerdict) {
  RunRecord record = testing::sample_record();
  GetParam().fault(record);
  const Judgement judgement = judge(record, kBounds);
  EXPECT_EQ(judgement.verdict, GetParam().verdict);
  EXPECT_THAT(judgement.reasons, ElementsAre(HasSubstr(GetParam().reason)));
}

const Rule kRules[] = {
    {"FrameUnaccounted", [](RunRecord& r) { --r.directions[0].counters.out.frames; }, Verdict::kInvalid,
     "link wan Atlanta -> Mount Pleasant not conserved: frames 102468 in, 102462 out + 2 dropped + 3 held;"},
    {"ByteUnaccounted", [](RunRecord& r) { ++r.directions[1].counters.in.bytes; }, Verdict::kInvalid,
     "link wan Mount Pleasant -> Atlanta not conserved: frames 98765 in, 98743 out + 19 dropped + 3 held; "
     "bytes"},
    {"PortLoss", [](RunRecord& r) { r.ports[2].losses[1].second = 1; }, Verdict::kInvalid,
     "the emulator lost 1 frames on the port of atl-1 at rx_no_mbuf"},
    {"PortNotLookedAt", [](RunRecord& r) { r.ports[1].losses.clear(); }, Verdict::kInvalid,
     "no place of loss was looked at on the port of mtp-0"},
    {"BackgroundOld",
     [](RunRecord& r) {
       r.background = testing::sample_background();
       r.background->age.p99_ns = 5'000'001;
     },
     Verdict::kDegraded, "what the model said of background traffic was 5000.0 us old at P99 > 5000 us"},
    {"BackgroundTooOld",
     [](RunRecord& r) {
       r.background = testing::sample_background();
       r.background->age.p99_ns = 50'000'001;
     },
     Verdict::kInvalid, "was 50000.0 us old at P99 > 50000 us"},
    {"BackgroundNotConserved",
     [](RunRecord& r) {
       r.background = testing::sample_background();
       ++r.background->directions[0].held_frames;
     },
     Verdict::kInvalid,
     "the background on link wan Atlanta -> Mount Pleasant is not conserved: 41000 in, 40000 out + 990 "
     "dropped "
     "+ 11 held"},
    {"BackgroundNeverMet",
     [](RunRecord& r) {
       r.background = testing::sample_background();
       r.background->age = {};
     },
     Verdict::kInvalid, "no frame ever met the background"},
    {"NoPorts", [](RunRecord& r) { r.ports.clear(); }, Verdict::kInvalid, "no port was looked at"},
    {"InterfaceDeleted",
     [](RunRecord& r) {
       r.ports[2].gone = true;
       r.ports[2].losses[1].second = 7;  // what else would it do
       r.loops[0].busiest = 1;
     },
     Verdict::kInvalid, "interface lh-atl-1 of host atl-1 was deleted while the testbed stood"},
    {"LossInsideTheDataPlane",
     [](RunRecord& r) {
       PortResult place;
       place.host = "link wan Atlanta -> Mount Pleasant";
       place.losses = {{"store_full", 3}, {"handover_full", 0}};
       place.is_port = false;
       r.ports.push_back(place);
     },
     Verdict::kInvalid,
     "the emulator lost 3 frames inside the data plane, of link wan Atlanta -> Mount Pleasant at store_full"},
    {"FramesCameLateFromAnotherLcore",
     [](RunRecord& r) {
       r.directions[0].entered_late = 5;
       r.directions[0].latest_entry_ns = 200'001;
     },
     Verdict::kDegraded,
     "5 frames came to link wan Atlanta -> Mount Pleasant from another lcore after their time, by up to "
     "200.0 us "
     "> 200 us"},
    {"StoodStillForLongerThanInvalid", [](RunRecord& r) { r.loops[0].longest_turn_us = 202'000.5; },
     Verdict::kInvalid,
     "the data plane stood still for 202.0 ms; its CPU 3 was taken away for 55.5 ms of 20.0 s"},
    {"StoodStillForLongerThanP99", [](RunRecord& r) { r.loops[0].longest_turn_us = 200'200.5; },
     Verdict::kDegraded, "the data plane stood still for 200.2 ms"},
    {"StoodStillForATimeOutOfTcp",
     [](RunRecord& r) {
       r.loops[0].longest_turn_us = 200'000;
       r.loops[0].elapsed_ms = 3.6e6;
     },
     Verdict::kDegraded, "the data plane stood still for 200.0 ms"},
    {"FileNotWritten",
     [](RunRecord& r) { r.unwritten = {"cannot write results/links.csv: No space left on device"}; },
     Verdict::kDegraded, "cannot write results/links.csv: No space left on device"},
    {"Early", [](RunRecord& r) { r.directions[0].lateness.early = 1; }, Verdict::kInvalid,
     "1 frames left link wan Atlanta -> Mount Pleasant before they were due"},
    {"LatenessNotRecorded", [](RunRecord& r) { r.directions[1].lateness = {}; }, Verdict::kInvalid,
     "lateness of 98743 frames of link wan Mount Pleasant -> Atlanta was not recorded"},
    {"LatenessAboveInvalid", [](RunRecord& r) { r.directions[1].lateness.p99_ns = 2'000'001; },
     Verdict::kInvalid, "lateness P99 2000.0 us > 2000 us on link wan Mount Pleasant -> Atlanta"},
    {"LatenessAtInvalid", [](RunRecord& r) { r.directions[1].lateness.p99_ns = 2'000'000; },
     Verdict::kDegraded, "lateness P99 2000.0 us > 200 us on link wan Mount Pleasant -> Atlanta"},
    {"LatenessAboveP99", [](RunRecord& r) { r.directions[0].lateness.p99_ns = 200'001; }, Verdict::kDegraded,
     "> 200 us on link wan Atlanta -> Mount Pleasant"},
    {"WrongSums", [](RunRecord& r) { r.collectives[1].wrong = 3; }, Verdict::kInvalid,
     "3 wrong elements in 7 checked iterations at 65536 B"},
    {"SumsNotChecked", [](RunRecord& r) { r.collectives[1].checked_iterations = 0; }, Verdict::kDegraded,
     "sums at 65536 B were not checked"},
    {"SizeMissing", [](RunRecord& r) { r.collectives.pop_back(); }, Verdict::kInvalid,
     "no collective result at 1048576 B"},
    {"IterationsMissing", [](RunRecord& r) { r.collectives[0].times_us.resize(3); }, Verdict::kInvalid,
     "2 of 5 timed iterations at 4096 B are missing"},
    {"NothingMeasured", [](RunRecord& r) { r.collectives.clear(), r.planned_sizes.clear(); },
     Verdict::kInvalid, "no collective result at all"},
    {"SamplesLost", [](RunRecord& r) { r.samples_lost = 4; }, Verdict::kDegraded,
     "4 samples are missing in links.csv"},
    {"DecisionsLost",
     [](RunRecord& r) {
       r.decisions = {5, 3};
     },
     Verdict::kDegraded, "3 decisions are missing in decisions.csv"},
    {"CopyUnaccounted", [](RunRecord& r) { ++r.directions[1].counters.duplicated.frames; }, Verdict::kInvalid,
     "frames 98765 in, 1 duplicated, 98743 out + 19 dropped + 3 held;"},
    {"ProbeLost", [](RunRecord& r) { r.probes[1].received = 8; }, Verdict::kDegraded,
     "2 of 10 probes from atl-1 to mtp-1 were not answered"},
};

INSTANTIATE_TEST_SUITE_P(Rules, JudgeRule, ::testing::ValuesIn(kRules),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Judge, AnEventfulRunIsAsValid) {
  RunRecord record = testing::eventful_record();
  record.unwritten.clear();
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
}

TEST(Judge, LatenessIsExplainedOncePerLcore) {
  RunRecord record = testing::sample_record();
  record.loops[0].run_delay_ms = 190;
  record.loops[0].steal_ms = 120;
  record.loops.push_back(record.loops[0]);
  record.loops[1].cpu = 5;
  record.directions.push_back(record.directions[0]);
  record.directions[2].lcore = 1;
  for (DirectionResult& direction : record.directions) direction.lateness.p99_ns = 1'900'000;
  EXPECT_THAT(
      judge(record, kBounds).reasons,
      ElementsAre(
          AllOf(HasSubstr("lateness P99 1900.0 us > 200 us on link wan Atlanta -> Mount Pleasant: "
                          "the data plane's CPU 3 was taken away for 310.0 ms of 20.0 s (steal 120 ms"),
                HasSubstr("41 gaps")),
          "lateness P99 1900.0 us > 200 us on link wan Mount Pleasant -> Atlanta",
          HasSubstr("Mount Pleasant: the data plane's CPU 5 was taken away for 310.0 ms")));
}

TEST(Judge, WithoutTheKernelsWordTheCpuWasAwayForWhatIsLeftOfTheTime) {
  RunRecord record = testing::sample_record();
  record.loops[0].steal_ms = record.loops[0].softirq_ms = record.loops[0].irq_ms = std::nullopt;
  record.loops[0].run_delay_ms = std::nullopt;
  record.loops[0].involuntary_switches = std::nullopt;
  EXPECT_THAT(
      judge(record, kBounds).reasons,
      Contains("CPU 3 of the data plane: taken away for 100.0 ms of 20.0 s, 41 gaps of 12.2 ms in all, "
               "longest turn 1.9 ms"));
}

TEST(Judge, SaturationIsSaidInWords) {
  const std::string said =
      "the data plane was saturated (CPU 3 busy 99 %): lower the rate, raise the MTU or add lcores";
  RunRecord record = testing::sample_record();
  record.loops[0].busiest = 0.99;
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);  // a loop that polls is busy
  record.ports[0].losses[0].second = record.ports[1].losses[0].second = 5;
  EXPECT_THAT(judge(record, kBounds).reasons, ElementsAre(HasSubstr("atl-0"), HasSubstr("mtp-0"), said));
  record.loops[0].busiest = 0.95;
  EXPECT_THAT(judge(record, kBounds).reasons, Not(Contains(said)));
  record = testing::sample_record();
  record.loops[0].busiest = 0.99;
  record.ports[0].losses[0] = {"rx_oversized", 5};  // whoever sends these loses them at any rate
  EXPECT_THAT(judge(record, kBounds).reasons, Not(Contains(said)));
}

TEST(Judge, LiveChangesAreSaidWhateverTheVerdict) {
  RunRecord record = testing::eventful_record();
  record.unwritten.clear();
  const std::string said = "links were changed live 2 times, first at t = 3.250000 s: wan: delay 8 ms";
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
  EXPECT_EQ(judge(record, kBounds).reasons.back(), said);
  record.ports[0].losses[0].second = 2;
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kInvalid);
  EXPECT_EQ(judge(record, kBounds).reasons.back(), said);
}

TEST(Judge, SaysThatTheBackgroundKeptUp) {
  RunRecord record = testing::sample_record();
  record.background = testing::sample_background();
  const Judgement judgement = judge(record, kBounds);
  EXPECT_EQ(judgement.verdict, Verdict::kValid);
  EXPECT_EQ(judgement.reasons.back(), "background on 1 link directions: 2300.0 us old at P99 <= 5000 us");
}

// Two links in a row: what the first delivers goes on over the second, so none of it leaves for a host.
TEST(Judge, AFrameInTransitIsLateNowhere) {
  RunRecord record = testing::sample_record();
  DirectionResult onward = record.directions[0];
  onward.link = "metro";
  onward.from = record.directions[0].to;
  onward.to = "Chicago";
  record.directions[0].lateness = {};
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kInvalid);
  record.directions.push_back(onward);
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
  for (DirectionResult& direction : record.directions) direction.lateness = {};
  EXPECT_THAT(judge(record, kBounds).reasons, ::testing::Contains("no lateness was recorded at all"));
}

TEST(Judge, BoundsThemselvesAreAllowed) {
  RunRecord record = testing::sample_record();
  record.directions[0].lateness.p99_ns = 200'000;
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
}

TEST(Judge, InvalidComesFirstAndNothingIsLeftOut) {
  RunRecord record = testing::sample_record();
  record.samples_lost = 1;
  record.ports[0].losses[0].second = 2;
  record.ports[3].losses[3].second = 5;
  const Judgement judgement = judge(record, kBounds);
  EXPECT_EQ(judgement.verdict, Verdict::kInvalid);
  EXPECT_THAT(judgement.reasons, ElementsAre("the emulator lost 2 frames on the port of atl-0 at rx_missed",
                                             "the emulator lost 5 frames on the port of mtp-1 at veth_drop",
                                             "1 samples are missing in links.csv"));
}

TEST(Judge, ModelledLossAndAFarResidualAreFindingsNotFaults) {
  RunRecord record = testing::sample_record();
  core::LinkCounters& counters = record.directions[0].counters;
  counters.in.frames += 1000, counters.in.bytes += 1'514'000;
  counters.dropped[0].frames += 1000, counters.dropped[0].bytes += 1'514'000;
  record.collectives[0].predicted_us /= 10;
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
}

}  // namespace
}  // namespace longhaul::results
