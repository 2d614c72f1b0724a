// SPDX-License-Identifier: GPL-2.0-only
#include "results/link_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

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

constexpr const char* kHeader =
    "time_s,link,from,to,frames_in,bytes_in,frames_out,bytes_out,frames_dropped_queue_full,"
    "bytes_dropped_queue_full,frames_dropped_line_loss,bytes_dropped_line_loss,frames_held,bytes_held,"
    "queue_bytes,queue_peak_bytes,"
    "frames_dropped_pool_threshold,bytes_dropped_pool_threshold,frames_dropped_on_chip_full,"
    "bytes_dropped_on_chip_full,frames_dropped_red,bytes_dropped_red,frames_dropped_codel,bytes_dropped_"
    "codel,"
    "frames_dropped_pie,bytes_dropped_pie,frames_dropped_time_cap,bytes_dropped_time_cap,"
    "frames_dropped_bit_error,bytes_dropped_bit_error,frames_dropped_bad_fcs,bytes_dropped_bad_fcs,"
    "frames_dropped_burst,bytes_dropped_burst,frames_dropped_blackhole,bytes_dropped_blackhole,"
    "frames_dropped_outage,bytes_dropped_outage,frames_dropped_headroom_full,bytes_dropped_headroom_full,"
    "frames_dropped_far_queue_full,bytes_dropped_far_queue_full,frames_dropped_pfc_watchdog,"
    "bytes_dropped_pfc_watchdog,frames_dropped_background,bytes_dropped_background,frames_duplicated,bytes_"
    "duplicated,frames_marked_red,bytes_marked_red,"
    "frames_marked_codel,bytes_marked_codel,frames_marked_pie,bytes_marked_pie,frames_marked_background,"
    "bytes_marked_background,frames_corrupted,"
    "bytes_corrupted,frames_reordered,pause_xoff_sent,pause_xon_sent,pause_lost,pause_storms,"
    "pause_far_peak_bytes";

std::string zeros(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += ",0";
  return text;
}

TEST(LinkCsv, Golden) {
  const Scratch scratch;
  LinkCsv csv(scratch.path() / "links.csv");
  csv.write(Duration::milliseconds(10), "wan", "Atlanta", "Mount Pleasant", counters());
  csv.write(Duration::seconds(75) + Duration::picoseconds(12'345'999), "a,b", "say \"hi\"", "two\nlines", {});
  csv.close();
  EXPECT_EQ(
      contents(scratch.path() / "links.csv"),
      kHeader +
          ("\r\n0.010000000,wan,Atlanta,Mount Pleasant,10,1000,5,500,2,200,1,100,2,200,150,300" + zeros(48)) +
          "\r\n75.000012345,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"" + zeros(12 + 48) + "\r\n");
}

// Each counter has a number of its own, so that none can stand in another's column.
TEST(LinkCsv, EveryCounterIsInItsColumn) {
  core::LinkCounters many;
  std::uint64_t next = 1;
  auto tally = [&](core::Tally& t) { t = {next, next + 1}, next += 2; };
  std::string expected = "1.000000000,wan,a,b";
  tally(many.in), tally(many.out), tally(many.dropped[0]), tally(many.dropped[1]), tally(many.held);
  many.queue_bytes = next++, many.queue_peak_bytes = next++;
  for (std::size_t i = 2; i < core::kDropCauses; ++i) tally(many.dropped[i]);
  tally(many.duplicated);
  for (core::Tally& t : many.marked) tally(t);
  tally(many.corrupted);
  many.reordered = next++;
  many.pause = {next, next + 1, next + 2, next + 3, next + 4};
  next += 5;
  for (std::uint64_t i = 1; i < next; ++i) expected += "," + std::to_string(i);

  many.classes[0] = {{501, 1}, {502, 2}, 503, 504, Duration::microseconds(505)};
  many.classes[1] = {{511, 1}, {512, 2}, 513, 514, Duration::seconds(2)};
  const std::string both = expected + ",501,502,503,504,0.000505000,511,512,513,514,2.000000000";
  const std::string one = expected + ",501,502,503,504,0.000505000,,,,,";

  const Scratch scratch;
  LinkCsv csv(scratch.path() / "links.csv", 2);
  csv.write(Duration::seconds(1), "wan", "a", "b", many, 2);
  csv.write(Duration::seconds(1), "wan", "a", "b", many, 1);
  csv.close();
  EXPECT_EQ(
      contents(scratch.path() / "links.csv"),
      std::string(kHeader) +
          ",class0_frames_in,class0_frames_dropped,class0_frames_marked,class0_queue_bytes,class0_paused_s"
          ",class1_frames_in,class1_frames_dropped,class1_frames_marked,class1_queue_bytes,class1_paused_s"
          "\r\n" +
          both + "\r\n" + one + "\r\n");
}

TEST(LinkCsv, EveryRowHasAsManyFieldsAsTheHeader) {
  for (const std::size_t classes : {1u, 2u, 8u}) {
    const Scratch scratch;
    LinkCsv csv(scratch.path() / "links.csv", classes);
    for (const std::size_t of_link : {std::size_t{1}, classes}) csv.write({}, "wan", "a", "b", {}, of_link);
    csv.close();
    std::istringstream lines(contents(scratch.path() / "links.csv"));
    std::string header;
    std::getline(lines, header);
    EXPECT_EQ(header, LinkCsv::header(classes) + "\r");
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(header.begin(), header.end(), ','));
    }
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
