// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <string>

#include "results/table.h"
#include "tests/results/sample_record.h"

namespace longhaul::results {
namespace {

// clang-format off
constexpr const char* kGolden = R"(# TCP between sites, by size, as the hosts saw it
# size      resent  timeouts  RTT P50  RTT P99      WAN bytes  flows  goodput min       max   Jain
#  (B)  (segments)               (ms)     (ms)  per iteration            (Mbit/s)  (Mbit/s)
  4096           3         1   13.350   14.901          12288      1        13.60     13.60  1.000
#
# One-way delay from host to host, of the same frames seen at both
# flow                                  frames  expected    min    P50    P99  min - expected
#                                                   (ms)   (ms)   (ms)   (ms)            (ms)
  tcp 10.71.0.1:40000 > 10.71.0.3:5001      19     6.630  6.661  6.684  7.012          +0.031
)";
// clang-format on

RunRecord probed_record() {
  RunRecord record = testing::sample_record();
  testing::add_host_probes(record);
  return record;
}

TEST(HostProbesTable, Golden) {
  EXPECT_EQ(host_probes_table(probed_record()), kGolden);
}

TEST(HostProbesTable, IsPartOfTheReport) {
  const RunRecord record = probed_record();
  EXPECT_NE(report_text(record, Colour::kNever).find("#\n" + host_probes_table(record) + "#\n"),
            std::string::npos);
}

TEST(HostProbesTable, ShowsTheFlowsWithMostFrames) {
  RunRecord record = probed_record();
  std::vector<OneWayDelay>& delays = record.host_probes.delays;
  delays.resize(11, delays[0]);
  delays[3].frames = 5;
  delays[10].frames = 77'777;
  const std::string text = host_probes_table(record);
  EXPECT_NE(text.find("77777"), std::string::npos);
  EXPECT_EQ(text.find("   5   "), std::string::npos);
  EXPECT_NE(text.find("  and 3 more in summary.json\n"), std::string::npos);
}

TEST(HostProbesTable, SaysWhyThereWereNone) {
  RunRecord record = testing::sample_record();
  EXPECT_EQ(host_probes_table(record), "");
  record.host_probes.why_not = "no host probes: the scenario has them off";
  EXPECT_EQ(host_probes_table(record), "# no host probes: the scenario has them off\n");
}

TEST(HostProbesTable, WithoutSamplesThereAreNoFigures) {
  RunRecord record = probed_record();
  record.host_probes.delays.clear();
  record.collectives[0].traffic = SizeTraffic{};
  const std::string text = host_probes_table(record);
  EXPECT_EQ(text.find("One-way"), std::string::npos);
  EXPECT_NE(text.find(" -  "), std::string::npos);
}

}  // namespace
}  // namespace longhaul::results
