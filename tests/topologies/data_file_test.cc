// SPDX-License-Identifier: GPL-2.0-only
//
// Traces, positions and jitter tables: as text, and as files with the errors that name file and line.
#include "topologies/data_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/topologies/corpus.h"
#include "topologies/jitter_table.h"
#include "topologies/load.h"
#include "topologies/position_file.h"
#include "topologies/trace_file.h"

namespace longhaul::topology {
namespace {

template <typename Parse>
std::string error_of(Parse parse) {
  try {
    parse();
  } catch (const LineError& e) {
    return std::to_string(e.line()) + ": " + e.what();
  }
  return "no error";
}

core::Trace::Row rate_from(Duration at, std::uint64_t bps) {
  return {at, {.rate = BitRate::bits_per_second(bps)}};
}

TEST(TraceCsv, ReadsWhatTheHeaderNames) {
  const core::Trace trace = parse_trace_csv(
      "# measured\r\ntime_s, loss, rate_bps, buffer_bytes, delay_s\r\n"
      "0,0.5,1e9,100000,0.005\r\n\r\n1.000000000001,,0,,\r\n  2 , 1 % , , , \r\n");
  ASSERT_EQ(trace.rows.size(), 3u);
  EXPECT_EQ(trace.rows[0].change, (core::Change{.rate = BitRate::gigabits_per_second(1),
                                                .delay = Duration::milliseconds(5),
                                                .loss = 0.5,
                                                .buffer = Bytes(100'000)}));
  EXPECT_EQ(trace.rows[1], rate_from(Duration::picoseconds(1'000'000'000'001), 0));
  EXPECT_EQ(trace.rows[2].change, (core::Change{.loss = 0.01}));
  EXPECT_EQ(trace.period, Duration());
}

TEST(TraceCsv, TextReadsBackToTheSameRows) {
  const core::Trace trace = parse_trace_csv("time_s,loss,delay_s\n0,1e-9,\n0.25,,9.999999999999\n7,,\n");
  const std::string text = trace_csv(trace, "\n");
  EXPECT_EQ(text, "time_s,delay_s,loss\n0,,1e-09\n0.25,9.999999999999,\n7,,");
  EXPECT_EQ(parse_trace_csv(text), trace);
}

TEST(TraceCsv, SaysInWhichLineItIsWrong) {
  const auto wrong = [](std::string_view text) { return error_of([&] { parse_trace_csv(text); }); };
  EXPECT_EQ(wrong("# c\ntime_s,loss\n0,0\n0,1\n"),
            "4: time_s: 0 does not follow 0, allowed: strictly ascending");
  EXPECT_EQ(wrong("time_s,loss\n0,0,0\n"), "2: has 3 cells, allowed: 2, as the header");
  EXPECT_EQ(wrong("time_s,loss\n,0\n"), "2: time_s: '' does not begin with a number");
  EXPECT_TRUE(wrong("").starts_with("0: has no rows")) << wrong("");
  std::string many = "time_s,loss\n";
  for (int i = 0; i <= 1'000'000; ++i) many += std::to_string(i) + ",0\n";
  EXPECT_EQ(wrong(many), "1000002: more than 1000000 rows");
}

TEST(Mahimahi, BecomesOneRowForEachChangeOfRate) {
  constexpr std::uint64_t kOne = 1'504 * 8 * 1'000;
  const core::Trace trace = parse_mahimahi("1\n1\n2\n2\n4\n4\n5\n9\n10\n10\n12\n");
  const auto ms = [](int n) { return Duration::milliseconds(n); };
  // Two packets in each of the milliseconds that end at 1, 2 and 4, none at 3, one at 5, none to 8 ...
  const std::vector<core::Trace::Row> expected{
      rate_from(ms(0), 2 * kOne), rate_from(ms(2), 0),  rate_from(ms(3), 2 * kOne),
      rate_from(ms(4), kOne),     rate_from(ms(5), 0),  rate_from(ms(8), kOne),
      rate_from(ms(9), 2 * kOne), rate_from(ms(10), 0), rate_from(ms(11), kOne)};
  EXPECT_EQ(trace.rows, expected);
  EXPECT_EQ(trace.period, ms(12));
}

TEST(Mahimahi, CarriesTheBytesOfTheFile) {
  const auto bytes = [](std::string_view text) {
    const core::Trace trace = parse_mahimahi(text);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < trace.rows.size(); ++i) {
      const Duration end = i + 1 < trace.rows.size() ? trace.rows[i + 1].at : trace.period;
      sum += bytes_in(*trace.rows[i].change.rate, end - trace.rows[i].at).count();
    }
    return sum;
  };
  EXPECT_EQ(bytes("0\n1\n7\n7\n7\n30\n"), 6u * 1'504);
  EXPECT_EQ(bytes("5\n"), 1'504u);
  EXPECT_EQ(bytes("1000\n1000\n1001\n"), 3u * 1'504);
}

TEST(Mahimahi, SaysInWhichLineItIsWrong) {
  const auto wrong = [](std::string_view text) { return error_of([&] { parse_mahimahi(text); }); };
  EXPECT_EQ(wrong("1\n\n3\n2\n"), "4: 2 does not follow 3, allowed: ascending times");
  EXPECT_EQ(wrong("1\nx\n"), "2: 'x' is not valid, allowed: whole milliseconds up to 2592000000");
  EXPECT_EQ(wrong("0\n"), "0: has no time above 0, allowed: whole milliseconds, one in each line");
  std::string flood;
  for (int i = 0; i < 133'000; ++i) flood += "1\n";
  EXPECT_EQ(wrong(flood), "132979: more than 1.6 Tbit/s within a millisecond");
}

TEST(PositionFile, HoldsNumbersInAscendingOrder) {
  EXPECT_EQ(parse_positions(""), (std::vector<std::uint64_t>{}));
  EXPECT_EQ(parse_positions("# c\n0\n 17 18\t19 # burst\r\n\n1000000000000000000"),
            (std::vector<std::uint64_t>{0, 17, 18, 19, 1'000'000'000'000'000'000}));
  const auto wrong = [](std::string_view text) { return error_of([&] { parse_positions(text); }); };
  EXPECT_EQ(wrong("1\n2\n2\n"), "3: 2 does not follow 2, allowed: positions in ascending order");
  EXPECT_EQ(wrong("1\n-2\n"), "2: '-2' is not valid, allowed: a whole number from 0 to 1000000000000000000");
}

constexpr std::string_view kDecisions =
    "time_s,link,from,to,what,cause,stage,wave,position,bytes\n"
    "0.1,wan,a,b,dropped,loss,line,0,5,64\n0.2,wan,a,b,dropped,bit_errors,line,0,9,64\n"
    "0.3,wan,b,a,dropped,loss,line,0,6,64\n0.4,wan,a,b,dropped,buffer,queue,0,7,64\n"
    "0.5,wan,a,b,duplicated,,line,0,8,64\n0.6,metro,a,c,dropped,loss,line,1,1,64\n";

TEST(Decisions, GiveWhatTheLineOfOneDirectionLost) {
  using List = std::vector<std::uint64_t>;
  EXPECT_TRUE(is_decisions(kDecisions));
  EXPECT_EQ(parse_decisions(kDecisions, {.link = "wan", .from = "a"}), (List{5, 9}));
  EXPECT_EQ(parse_decisions(kDecisions, {.from = "b"}), (List{6}));
  EXPECT_EQ(parse_decisions(kDecisions, {.wave = 1}), (List{1}));
}

TEST(Decisions, OfSeveralDirectionsNeedAChoice) {
  const auto wrong = [](const DecisionFilter& filter) {
    return error_of([&] { parse_decisions(kDecisions, filter); });
  };
  EXPECT_EQ(wrong({}),
            "4: is of another direction than the rows before ('a', 'b'), allowed: choose one with from:");
  EXPECT_EQ(wrong({.from = "a"}),
            "7: is of another link than the rows before ('wan', 'metro'), allowed: choose one with link:");
  EXPECT_EQ(wrong({.link = "wam"}), "1: has no row that matches with stage line and what dropped");
  EXPECT_EQ(error_of([] { parse_decisions("time_s,link,to\n", {}); }),
            "1: is not the header of a decisions.csv, allowed: "
            "time_s,link,from,to,what,cause,stage,wave,position,bytes");
}

TEST(JitterTable, IsSorted) {
  EXPECT_EQ(parse_jitter_table("# c\n5 -32768\n\t0 32767 -1 # c\r\n"),
            (std::vector<std::int16_t>{-32'768, -1, 0, 5, 32'767}));
  EXPECT_EQ(error_of([] { parse_jitter_table("1\n2 32768\n"); }),
            "2: '32768' is not valid, allowed: a whole number from -32768 to 32767");
  std::string many;
  for (int i = 0; i < 65'537; ++i) many += "1 ";
  EXPECT_EQ(error_of([&] { parse_jitter_table(many); }), "1: more than 65536 values");
}

// A topology in a directory of its own, with a data file beside it.
class DataFiles : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("data-files-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string error_with(std::string_view key, std::string_view data) {
    write("data", data);
    write("t.yaml", std::string("name: t\nsites: { a: {}, b: {} }\nhosts: { h: { site: a } }\nlinks:\n"
                                "  wan:\n    between: [a, b]\n    delay: 1 ms\n    rate: 1 Gbit/s\n    ") +
                        std::string(key) + "\n");
    try {
      load(directory_ / "t.yaml");
    } catch (const ConfigError& e) {
      const std::string what = e.what();
      const std::string where = directory_.string() + "/";
      return what.starts_with(where) ? what.substr(where.size()) : what;
    }
    return "no error";
  }

 private:
  void write(const std::string& name, std::string_view text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::filesystem::path directory_;
};

TEST_F(DataFiles, ErrorsNameFileAndLine) {
  EXPECT_EQ(error_with("trace: { file: data }", "1\n2\n"), "no error");
  EXPECT_EQ(error_with("trace: { file: data }", "1\n2.5\n"),
            "data:2: trace: '2.5' is not valid, allowed: whole milliseconds up to 2592000000");
  EXPECT_EQ(error_with("trace: { file: data, format: csv }", "time_s,loss\n0,2\n"),
            "data:2: trace: loss: '2' is more than 1, allowed: 0 to 1, or 0 % to 100 %");
  EXPECT_EQ(error_with("loss: { file: data }", "3\n\xff\xfe\n"),
            "data:2: positions: '?\?' is not valid, allowed: a whole number from 0 to 1000000000000000000");
  EXPECT_EQ(error_with("loss: { file: data }", kDecisions),
            "data:4: positions: is of another direction than the rows before ('a', 'b'), allowed: choose one "
            "with from:");
  EXPECT_EQ(error_with("loss: { file: data, from: a }", "3\n"),
            "t.yaml:9: links.wan.loss.from: only goes with a decisions.csv, the file has positions alone");
  EXPECT_EQ(error_with("loss: { file: data, period: 3 }", "3\n"),
            "t.yaml:9: links.wan.loss.period: 3 is not above the last position, allowed: 0, or more than 3");
}

TEST_F(DataFiles, AreBounded) {
  EXPECT_EQ(error_with("loss: { file: /dev/zero }", ""),
            "t.yaml:9: links.wan.loss.file: cannot read /dev/zero: not a regular file");
  const std::string large((std::size_t{1} << 26) + 1, '#');
  const std::string got = error_with("loss: { file: data }", large);
  EXPECT_TRUE(got.ends_with("data is larger than 64 MiB")) << got;
}

}  // namespace
}  // namespace longhaul::topology
