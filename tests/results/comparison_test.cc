// SPDX-License-Identifier: GPL-2.0-only
#include "results/comparison.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "results/text_layout.h"
#include "tests/results/sample_record.h"

namespace longhaul::results {
namespace {

using Json = nlohmann::json;

// Simulated: a tenth faster, and one line loss less on the first direction.
Comparison sample() {
  Comparison runs{testing::sample_record(), testing::sample_record()};
  for (CollectiveResult& result : runs.simulated.collectives) {
    result.time_us /= 1.1;
    result.host_cpus_busy = std::nullopt;
  }
  core::LinkCounters& counters = runs.simulated.directions[0].counters;
  counters.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)] = {1, 1514};
  counters.out.add(1514);
  return runs;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Comparison, PutsTimesPredictionsAndCountersSideBySide) {
  const std::string text = comparison_text(sample(), Colour::kNever);
  for (const char* line :
       {"  1048576   53871.8    48974.3     +10.0      53143.9      +1.4       -7.8   53500.0      +0.7      "
        " -8.5\n",
        "  dropped by line_loss: 2 frames emulated, 1 simulated\n", "# Both\nVERDICT: VALID\n",
        "# At 1048576 B the hosts' CPUs were busy for 90 % or more"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "is not in\n" << text;
  }
  for (const std::string& line : lines_of(text)) EXPECT_LE(line.size(), kTextWidth) << line;
}

TEST(Comparison, TheWholeIsAsGoodAsTheWorseOfTheTwo) {
  constexpr std::array kAll{Verdict::kValid, Verdict::kDegraded, Verdict::kInvalid};
  for (const Verdict emulated : kAll) {
    for (const Verdict simulated : kAll) {
      Comparison runs = sample();
      runs.emulated.judgement.verdict = emulated;
      runs.simulated.judgement.verdict = simulated;
      EXPECT_EQ(judge_both(runs).verdict, std::max(emulated, simulated));
      const Json json = Json::parse(comparison_json(runs));
      EXPECT_EQ(json["judgement"]["verdict"], name(std::max(emulated, simulated)));
      EXPECT_EQ(json["emulate"]["judgement"]["verdict"], name(emulated));
      EXPECT_EQ(json["simulate"]["judgement"]["verdict"], name(simulated));
    }
  }
}

TEST(Comparison, SaysWhatOneOfTheTwoDidNotMeasure) {
  Comparison runs = sample();
  runs.simulated.collectives.pop_back();
  runs.emulated.collectives.erase(runs.emulated.collectives.begin());
  runs.simulated.directions.pop_back();
  const Json json = Json::parse(comparison_json(runs));
  ASSERT_EQ(json["collectives"].size(), 3U);
  EXPECT_TRUE(json["collectives"][0]["emulated"].is_null());
  EXPECT_TRUE(json["collectives"][0]["residual_percent"].is_null());
  EXPECT_DOUBLE_EQ(json["collectives"][0]["predicted_us"].get<double>(), 39778.6);
  EXPECT_NEAR(json["collectives"][1]["residual_percent"].get<double>(), 10, 1e-9);
  EXPECT_EQ(json["collectives"][1]["emulated"]["host_cpus_busy"], 0.254);
  EXPECT_TRUE(json["collectives"][1]["simulated"]["host_cpus_busy"].is_null());
  EXPECT_TRUE(json["collectives"][2]["simulated"].is_null());
  EXPECT_FALSE(json["directions"][0]["simulated"].is_null());
  EXPECT_TRUE(json["directions"][1]["simulated"].is_null());
  const std::string text = comparison_text(runs, Colour::kNever);
  EXPECT_NE(text.find("     4096         -    36283.9         -"), std::string::npos) << text;
}

}  // namespace
}  // namespace longhaul::results
