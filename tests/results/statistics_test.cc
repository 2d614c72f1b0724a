// SPDX-License-Identifier: GPL-2.0-only
#include "results/statistics.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "results/text_layout.h"
#include "results/time_text.h"

namespace longhaul::results {
namespace {

TEST(Statistics, NearestRank) {
  EXPECT_EQ(nearest_rank(99.9, 1000), 999U);  // not 1000 for the sake of a rounding error
  EXPECT_EQ(nearest_rank(99, 100), 99U);
  EXPECT_EQ(nearest_rank(99, 101), 100U);
  EXPECT_EQ(nearest_rank(0, 10), 1U);
  EXPECT_EQ(nearest_rank(100, 10), 10U);
  EXPECT_EQ(nearest_rank(150, 10), 10U);
  EXPECT_EQ(nearest_rank(50, 1), 1U);
}

TEST(Statistics, SpreadOfKnownValues) {
  const std::vector<double> values{9, 2, 4, 4, 5, 5, 7, 4};
  const Spread got = spread(values);
  EXPECT_DOUBLE_EQ(got.min, 2);
  EXPECT_DOUBLE_EQ(got.max, 9);
  EXPECT_DOUBLE_EQ(got.mean, 5);
  EXPECT_DOUBLE_EQ(got.p50, 5);  // the upper of the middle values 4 and 5
  EXPECT_DOUBLE_EQ(got.p95, 9);
  EXPECT_DOUBLE_EQ(got.stdev, 2);
  EXPECT_DOUBLE_EQ(got.cv_percent, 40);
}

TEST(Statistics, NothingAndOne) {
  EXPECT_EQ(mean({}), 0);
  EXPECT_EQ(spread({}).cv_percent, 0);
  const std::vector<double> one{3.5};
  EXPECT_DOUBLE_EQ(spread(one).p99, 3.5);
  EXPECT_DOUBLE_EQ(spread(one).stdev, 0);
}

TEST(Statistics, Residual) {
  EXPECT_DOUBLE_EQ(residual_percent(110, 100).value(), 10);
  EXPECT_DOUBLE_EQ(residual_percent(90, 100).value(), -10);
  EXPECT_FALSE(residual_percent(90, 0).has_value());
}

TEST(TimeText, Forms) {
  const CalendarTime time = parse_iso8601_utc("2024-02-29T23:59:07Z");
  EXPECT_EQ(iso8601_utc(time), "2024-02-29T23:59:07Z");
  EXPECT_EQ(compact_utc(time), "20240229-235907");
  EXPECT_EQ(nccl_tests_time(time), "2024-02-29 23:59:07");
}

TEST(TimeText, OtherFormsAreRefused) {
  for (const char* text : {"", "2024-02-29", "2024-02-29T23:59:07", "2024-02-29T23:59:07Z ", "today"}) {
    EXPECT_THROW(parse_iso8601_utc(text), std::runtime_error) << text;
  }
}

TEST(TextLayout, NumbersGiveUpDecimalsBeforeWidth) {
  EXPECT_EQ(number(0, 7, 2), "   0.00");
  EXPECT_EQ(number(9999.994, 7, 2), "9999.99");
  EXPECT_EQ(number(9999.996, 7, 2), "10000.0");
  EXPECT_EQ(number(123456.7, 7, 2), " 123457");
  EXPECT_EQ(number(12345678, 7, 2), "1.2e+07");
  EXPECT_EQ(number(12345678, 6, 2), " 1e+07");
  EXPECT_EQ(number(0.12345, 6, 4), "0.1235");
}

TEST(TextLayout, FitCutsTheMiddle) {
  EXPECT_EQ(fit("Atlanta", 7), "Atlanta");
  EXPECT_EQ(fit("Mount Pleasant", 9), "Moun..ant");
  EXPECT_EQ(fit("Zürich-Genève", 9), "Züri..ève");
}

TEST(TextLayout, WrapKeepsToTheWidth) {
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word" + std::to_string(i) + " ";
  const std::string text = wrap(words, 2);
  std::size_t lines = 0;
  for (std::size_t start = 0; start < text.size(); ++lines) {
    const std::size_t end = text.find('\n', start);
    EXPECT_LE(end - start, kTextWidth);
    EXPECT_EQ(text.substr(start, 6).find_first_not_of(' '), lines == 0 ? 2U : 4U);
    start = end + 1;
  }
  EXPECT_GT(lines, 2U);
  EXPECT_EQ(wrap("one line", 4), "    one line\n");
}

TEST(TextLayout, GridAlignsNamesWithAccents) {
  TextGrid grid({{"site", "", Align::kLeft}, {"n", ""}});
  grid.add({"Genève", "1"});
  grid.add({"Bern", "22"});
  EXPECT_EQ(grid.text(),
            "# site     n\n"
            "  Genève   1\n"
            "  Bern    22\n");
}

}  // namespace
}  // namespace longhaul::results
