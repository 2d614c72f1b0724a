// SPDX-License-Identifier: GPL-2.0-only
#include "results/link_csv.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/results/scratch.h"

namespace longhaul::results {
namespace {

using testing::contents;
using testing::Scratch;

core::LinkCounters counters() {
  core::LinkCounters result;
  result.in = {10, 1000};
  result.out = {5, 500};
  result.dropped[static_cast<std::size_t>(core::DropCause::kQueueFull)] = {2, 200};
  result.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)] = {1, 100};
  result.held = {2, 200};
  result.queue_bytes = 150;
  result.queue_peak_bytes = 300;
  return result;
}

TEST(LinkCsv, Golden) {
  const Scratch scratch;
  LinkCsv csv(scratch.path() / "links.csv");
  csv.write(Duration::milliseconds(10), "wan", "Atlanta", "Mount Pleasant", counters());
  csv.write(Duration::seconds(75) + Duration::picoseconds(12'345'999), "a,b", "say \"hi\"", "two\nlines", {});
  csv.close();
  EXPECT_EQ(
      contents(scratch.path() / "links.csv"),
      "time_s,link,from,to,frames_in,bytes_in,frames_out,bytes_out,frames_dropped_queue_full,"
      "bytes_dropped_queue_full,frames_dropped_line_loss,bytes_dropped_line_loss,frames_held,bytes_held,"
      "queue_bytes,queue_peak_bytes\r\n"
      "0.010000000,wan,Atlanta,Mount Pleasant,10,1000,5,500,2,200,1,100,2,200,150,300\r\n"
      "75.000012345,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",0,0,0,0,0,0,0,0,0,0,0,0\r\n");
}

TEST(LinkCsv, EveryDropCauseHasItsColumns) {
  for (std::size_t i = 0; i < core::kDropCauses; ++i) {
    const std::string cause(name(static_cast<core::DropCause>(i)));
    EXPECT_NE(LinkCsv::header().find(",frames_dropped_" + cause + ",bytes_dropped_" + cause),
              std::string::npos);
  }
}

TEST(LinkCsv, ManyRowsArriveInOrderAndWhole) {
  const Scratch scratch;
  constexpr int kRows = 5000;
  {
    LinkCsv csv(scratch.path() / "links.csv");
    for (int i = 0; i < kRows; ++i) csv.write(Duration::milliseconds(i), "wan", "a", "b", counters());
  }  // the destructor writes the rest
  const std::string text = contents(scratch.path() / "links.csv");
  std::size_t at = text.find("\r\n") + 2;
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ(std::stod(text.substr(at)), i / 1000.0);
    at = text.find("\r\n", at) + 2;
  }
  EXPECT_EQ(at, text.size());
}

TEST(LinkCsv, ErrorsNameThePathAndTheReason) {
  try {
    LinkCsv csv("/nonexistent/links.csv");
    FAIL() << "opened a file in a directory that is not there";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /nonexistent/links.csv: No such file or directory");
  }
  LinkCsv full("/dev/full");
  full.write(Duration(), "wan", "a", "b", {});
  try {
    full.close();
    FAIL() << "did not notice a full disk";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
  }
  full.close();  // the second call does nothing
  EXPECT_THROW(full.write(Duration(), "wan", "a", "b", {}), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::results
