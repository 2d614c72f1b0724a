// SPDX-License-Identifier: GPL-2.0-only
#include "results/decision_csv.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/results/scratch.h"

namespace longhaul::results {
namespace {

using core::Decision;
using core::DropCause;
using core::Fate;
using core::MarkCause;
using testing::contents;
using testing::Scratch;

constexpr Instant at(std::int64_t microseconds) {
  return Instant::at(Duration::microseconds(microseconds));
}

TEST(DecisionCsv, Golden) {
  const Scratch scratch;
  DecisionCsv csv(scratch.path() / "decisions.csv");
  auto write = [&](const Decision& decision) { csv.write("wan", "a,b", "c", decision); };
  write({at(1'500'000), 7, 1'514, 0, Fate::kDropped, static_cast<std::uint8_t>(DropCause::kPoolThreshold)});
  write({at(2), 41, 60, 3, Fate::kDropped, static_cast<std::uint8_t>(DropCause::kLineLoss), true});
  write({at(3), 8, 1'000, 0, Fate::kMarked, static_cast<std::uint8_t>(MarkCause::kCodel)});
  write({at(4), 42, 999, 0, Fate::kDuplicated, 0, true});
  write({at(5), 43, 998, 1, Fate::kCorrupted, 0, true});
  EXPECT_EQ(csv.rows(), 5u);
  csv.close();
  EXPECT_EQ(contents(scratch.path() / "decisions.csv"),
            "time_s,link,from,to,what,cause,stage,wave,position,bytes\r\n"
            "1.500000000,wan,\"a,b\",c,dropped,pool_threshold,queue,,7,1514\r\n"
            "0.000002000,wan,\"a,b\",c,dropped,line_loss,line,3,41,60\r\n"
            "0.000003000,wan,\"a,b\",c,marked,codel,queue,,8,1000\r\n"
            "0.000004000,wan,\"a,b\",c,duplicated,,line,0,42,999\r\n"
            "0.000005000,wan,\"a,b\",c,corrupted,,line,1,43,998\r\n");
}

TEST(DecisionCsv, ErrorsNameThePathAndTheReason) {
  try {
    DecisionCsv csv("/nonexistent/decisions.csv");
    FAIL() << "opened a file in a directory that is not there";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /nonexistent/decisions.csv: No such file or directory");
  }
  DecisionCsv full("/dev/full");
  full.write("wan", "a", "b", {});
  EXPECT_THROW(full.close(), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::results
