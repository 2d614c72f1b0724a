// SPDX-License-Identifier: GPL-2.0-only
#include "results/flow_csv.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/results/sample_record.h"
#include "tests/results/scratch.h"

namespace longhaul::results {
namespace {

using testing::contents;
using testing::Scratch;

constexpr const char* kHead =
    "host,direction,protocol,source,source_port,destination,destination_port,queue_pair,frames,bytes,first_s,"
    "last_s,bursts,largest_gap_s,retransmitted_segments,timeouts,srtt_us,rtt_samples,rtt_p50_us,rtt_p99_us,"
    "cwnd_segments,bytes_acked,goodput_bps\r\n";

TEST(FlowCsv, Golden) {
  const Scratch scratch;
  RunRecord record = testing::sample_record();
  testing::add_host_probes(record);
  std::vector<FlowResult> flows = record.host_probes.flows;
  flows[0].tcp->rtt_samples = 77;
  flows.push_back(flows[0]);
  flows.back().tcp->rtt_samples = 0;  // then there are no percentiles
  flows.push_back(flows[1]);
  flows.back().protocol = "roce";
  flows.back().queue_pair = 17;
  write_flow_csv(scratch.path() / "flows.csv", flows);
  EXPECT_EQ(contents(scratch.path() / "flows.csv"),
            std::string(kHead) +
                "atl-0,sent,tcp,10.71.0.1,40000,10.71.0.3,5001,,1200,1800000,1.500000001,2.500000001,12,"
                "0.013000000,3,1,13400,77,13350,14901,120,1700000,13600000\r\n"
                "mtp-0,received,tcp,10.71.0.1,40000,10.71.0.3,5001,,1200,1800000,1.500000001,2.500000001,12,"
                "0.013000000,,,,,,,,,\r\n"
                "atl-0,sent,tcp,10.71.0.1,40000,10.71.0.3,5001,,1200,1800000,1.500000001,2.500000001,12,"
                "0.013000000,3,1,13400,0,,,120,1700000,13600000\r\n"
                "mtp-0,received,roce,10.71.0.1,40000,10.71.0.3,5001,17,1200,1800000,1.500000001,2.500000001,"
                "12,0.013000000,,,,,,,,,\r\n");
}

TEST(FlowCsv, NoFlowsAreAHeadLine) {
  const Scratch scratch;
  write_flow_csv(scratch.path() / "flows.csv", {});
  EXPECT_EQ(contents(scratch.path() / "flows.csv"), kHead);
}

TEST(FlowCsv, ErrorsNameThePathAndTheReason) {
  try {
    write_flow_csv("/nonexistent/flows.csv", {});
    FAIL() << "opened a file in a directory that is not there";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /nonexistent/flows.csv: No such file or directory");
  }
}

}  // namespace
}  // namespace longhaul::results
