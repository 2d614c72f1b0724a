// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/check_report.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

topology::Topology two_sites(const std::string& rate) {
  return topology::load_text(
      "name: t\nsites: { a: {}, b: {} }\nhosts: { x: { site: a }, y: { site: b } }\n"
      "links: { wan: { between: [a, b], delay: 6.63 ms, rate: " +
          rate + " } }\n",
      "test");
}

TEST(CheckReport, GivesTheFiguresOfALink) {
  const std::string text = prediction_text(two_sites("1 Gbit/s"));
  EXPECT_NE(text.find("13.260"), std::string::npos) << "round trip in ms\n" << text;
  EXPECT_NE(text.find("1618.7"), std::string::npos) << "BDP: 1,657,500 B in KiB\n" << text;
  EXPECT_NE(text.find("809.3"), std::string::npos) << "on the fibre: half of it\n" << text;
}

TEST(CheckReport, IsAllCommentSoThatTheOutputStaysYaml) {
  std::istringstream lines(prediction_text(two_sites("1 Gbit/s")));
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line.substr(0, 1), "#") << line;
}

TEST(CheckReport, WarnsOfMoreThanOneLcoreCarries) {
  EXPECT_EQ(prediction_text(two_sites("1 Gbit/s")).find("MORE THAN THAT"), std::string::npos);
  EXPECT_NE(prediction_text(two_sites("100 Gbit/s")).find("MORE THAN THAT"), std::string::npos);
}

std::string report_with(const std::string& keys) {
  return prediction_text(two_sites("1 Gbit/s, " + keys));
}

void expect_line(const std::string& text, const std::string& line) {
  EXPECT_NE(text.find("#   " + line + "\n"), std::string::npos) << line << " is not in\n" << text;
}

TEST(CheckReport, SaysNothingMoreAboutAPlainLink) {
  EXPECT_EQ(prediction_text(two_sites("1 Gbit/s")).find("<->"), std::string::npos);
}

TEST(CheckReport, FiguresOfTheLineAreDerived) {
  const std::string text = report_with(
      "loss: { gilbert_elliott: { p: 1 %, r: 10 % } }, waves: { members: 4, skew: [0 s, 1 ns, 2 ns, 0 s] }");
  EXPECT_NE(text.find("#\n# wan, a <-> b\n"), std::string::npos) << text;
  expect_line(text, "loss: 9.09 % of frames in the mean, in runs of 10 in the mean");
  expect_line(text, "waves: 4 of 250 Mbit/s each, skew up to 2 ns");
}

// Of 13.26 ms and frames of 1,514 B, 1,538 B on the wire.
TEST(CheckReport, DepthsAreTimesAndPartsOfTheBdp) {
  const std::string text = report_with(
      "buffer: 1 bdp, queues: { classes: [ { scheduler: strict, limit: 151400 B }, "
      "{ weight: 3, time_cap: 5 ms, red: { min: 15140 B, max: 30280 B, probability: 20 % } } ] }");
  expect_line(text, "class 0: strict, holds up to 147.9 KiB: 1230.4 us, 0.093 BDP");
  expect_line(text,
              "class 1: drr 3, holds up to 1618.7 KiB: 13470.2 us, 1.016 BDP; older than 5 ms is dropped");
  expect_line(text, "  RED marks from 123.0 us, 0.009 BDP to 246.1 us, 0.019 BDP, there 20 %");
  EXPECT_EQ(text.find("WARNING"), std::string::npos) << text;
}

TEST(CheckReport, WarnsOfRedThatNeverBegins) {
  const std::string text =
      report_with("queues: { classes: [ { limit: 100 kB, red: { min: 100 kB, max: 1 MB } } ] }");
  expect_line(text, "  WARNING: the class is full at 97.7 KiB, before RED begins at 97.7 KiB");
}

TEST(CheckReport, PfcThatFitsTheDistanceIsNotWarnedOf) {
  const std::string text = report_with("far_end: { pfc: { classes: [0] } }");
  EXPECT_EQ(text.find("WARNING"), std::string::npos) << text;
  expect_line(text, "PFC: acts 6.64301 ms after the decision, lasts 33.5539 ms, sent again each 16.777 ms");
  expect_line(text,
              "PFC class 0: XOFF above 1623.3 KiB, XON at 1620.3 KiB, headroom 1623.3 KiB of the 1623.3 KiB "
              "that 13.273 ms need");
}

TEST(CheckReport, WarnsOfPfcThatCannotWork) {
  const std::string text = report_with(
      "far_end: { pfc: { classes: [0], headroom: 1 MB, xoff: 1 MB, quanta: 1000, refresh: 1 ms } }");
  expect_line(text, "WARNING: a pause ends 488.0 us before it is sent again, the sender restarts in between");
  expect_line(text, "WARNING: headroom is 646.7 KiB too small, class 0 can lose frames at the far end");
  expect_line(
      text,
      "WARNING: class 0 has 1953.1 KiB in all, below 2 BDP (3237.3 KiB): it loses frames or runs empty");
}

TEST(CheckReport, ALongerRouteNeedsMoreHeadroom) {
  const std::string text = report_with(
      "far_end: { pfc: { classes: [0] } }, timeline: [ { at: 2 s, protection_switch: { delay: 9 ms } } ]");
  EXPECT_NE(text.find("WARNING: headroom is 289.3 KiB too small"), std::string::npos) << text;
  expect_line(text, "at 2 s: dark");
  expect_line(text, "at 2.05 s: light, delay 9 ms on a new route");
}

TEST(CheckReport, OfALongTimelineTheBeginningIsShown) {
  const std::string text =
      report_with("timeline: [ { at: 1 s, burst: 2 frames, every: 1 s, after: first-frame } ]");
  expect_line(text, "at the first frame + 10 s: the next 2 frames lost");
  EXPECT_EQ(text.find("+ 11 s"), std::string::npos) << text;
  expect_line(text, "and so on");
}

TEST(CheckReport, DirectionsThatDifferAreToldApart) {
  const std::string text = report_with("forward: { loss: 1 % }");
  EXPECT_NE(text.find("# wan, a -> b\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("b -> a\n"), std::string::npos) << text;
}

TEST(CheckReport, SaysWhichOfSeveralWaysIsPredicted) {
  Scenario scenario;
  scenario.workload.ranks = {0, 1};
  scenario.topology = two_sites("1 Gbit/s");
  EXPECT_NE(prediction_text(scenario).find("# RTT a - b: 13.260 ms of propagation\n"), std::string::npos);
  scenario.topology.links.push_back(scenario.topology.links[0]);
  EXPECT_NE(prediction_text(scenario).find(
                "# RTT a - b: 13.260 ms of propagation; predictions spread flows evenly over "
                "2 equal paths\n"),
            std::string::npos)
      << prediction_text(scenario);
}

TEST(CheckReport, EveryFeatureIsStillAllComment) {
  const topology::Topology all =
      topology::load(test::in_project("tests/topologies/good/queues-and-events.yaml"));
  std::istringstream lines(prediction_text(all));
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line.substr(0, 1), "#") << line;
}

}  // namespace
}  // namespace longhaul::scenario
