// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace longhaul::scenario {
namespace {

using ::testing::HasSubstr;

template <typename Report>
Report round_trip(const Report& report) {
  const std::string line = to_line(report);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return std::get<Report>(parse_report(line));
}

TEST(RankProtocol, ReadsWhatItWrites) {
  round_trip(RankReady{});
  round_trip(RankDone{});
  EXPECT_EQ(round_trip(RankError{"line 1\nline \"2\""}).what, "line 1\nline \"2\"");

  const auto progress = round_trip(RankProgress{65536, Phase::kCheck, 1, 20});
  EXPECT_EQ(progress.size_bytes, 65536U);
  EXPECT_EQ(progress.phase, Phase::kCheck);
  EXPECT_EQ(progress.iteration, 1U);
  EXPECT_EQ(progress.of, 20U);

  const auto size = round_trip(RankSize{4096, {1, 5}, {4, 9'000'000'000'000'000'000}, 3, 1024});
  EXPECT_EQ(size.size_bytes, 4096U);
  EXPECT_EQ(size.start_ns, (std::vector<std::int64_t>{1, 5}));
  EXPECT_EQ(size.end_ns, (std::vector<std::int64_t>{4, 9'000'000'000'000'000'000}));
  EXPECT_EQ(size.wrong, 3U);
  EXPECT_EQ(size.checked, 1024U);
}

TEST(RankProtocol, ErrorTextThatIsNotUtf8IsStillALine) {
  EXPECT_THAT(round_trip(RankError{"bad \xff byte"}).what, HasSubstr("bad "));
}

struct Malformed {
  const char* line;
  const char* expected;
};

class MalformedReport : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedReport, IsRefusedWithAReason) {
  try {
    parse_report(GetParam().line);
    ADD_FAILURE() << "accepted: " << GetParam().line;
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("malformed report"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().expected));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalformedReport,
    ::testing::Values(
        Malformed{"", "parse"}, Malformed{"\n", "parse"},
        Malformed{"[W pair.cc:42] Connection closed", "parse"}, Malformed{"{\"event\":\"ready\"", "parse"},
        Malformed{"[]", "array"}, Malformed{"null", "null"}, Malformed{"{}", "event"},
        Malformed{R"({"event":7})", "string"}, Malformed{R"({"event":"hello"})", "event must be"},
        Malformed{R"({"event":"error"})", "what"}, Malformed{R"({"event":"ready"}{"event":"done"})", "parse"},
        Malformed{R"({"event":"progress","size":-1,"phase":"timed","iteration":1,"of":2})", "size must be"},
        Malformed{R"({"event":"progress","size":1.5,"phase":"timed","iteration":1,"of":2})", "size must be"},
        Malformed{R"({"event":"progress","size":4,"phase":"late","iteration":1,"of":2})", "phase must be"},
        Malformed{R"({"event":"progress","size":4,"phase":"timed","iteration":4294967296,"of":2})",
                  "iteration must be"},
        Malformed{R"({"event":"size","size":4,"start_ns":[1],"end_ns":[2],"wrong":0})", "checked"},
        Malformed{R"({"event":"size","size":4,"start_ns":1,"end_ns":[2],"wrong":0,"checked":1})",
                  "start_ns must be a list"},
        Malformed{R"({"event":"size","size":4,"start_ns":[1],"end_ns":[-2],"wrong":0,"checked":1})",
                  "end_ns must be"},
        Malformed{R"({"event":"size","size":4,"start_ns":["1"],"end_ns":[2],"wrong":0,"checked":1})",
                  "start_ns must be"},
        Malformed{R"({"event":"size","size":4,"start_ns":[1],"end_ns":[2],"wrong":"0","checked":1})",
                  "wrong must be"}));

}  // namespace
}  // namespace longhaul::scenario
