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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Bounds kBounds{.lateness_p99 = Duration::microseconds(200),
                         .lateness_invalid = Duration::milliseconds(2)};

TEST(Judge, ValidSaysWhatWasChecked) {
  const Judgement judgement = judge(testing::sample_record(), kBounds);
  EXPECT_EQ(judgement.verdict, Verdict::kValid);
  EXPECT_THAT(
      judgement.reasons,
      ElementsAre("no emulator loss at 4 ports in 16 places",
                  "conserved exactly: 201233 frames in = out + dropped + held on 2 link directions",
                  "lateness P99 31.2 us <= 200 us in the worst direction, none of 201206 frames early",
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
    {"NoPorts", [](RunRecord& r) { r.ports.clear(); }, Verdict::kInvalid, "no port was looked at"},
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
  EXPECT_EQ(testing::eventful_record().judgement.verdict, Verdict::kValid);
}

TEST(Judge, LiveChangesAreSaidWhateverTheVerdict) {
  RunRecord record = testing::eventful_record();
  const std::string said = "links were changed live 2 times, first at t = 3.250000 s: wan: delay 8 ms";
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kValid);
  EXPECT_EQ(judge(record, kBounds).reasons.back(), said);
  record.ports[0].losses[0].second = 2;
  EXPECT_EQ(judge(record, kBounds).verdict, Verdict::kInvalid);
  EXPECT_EQ(judge(record, kBounds).reasons.back(), said);
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
