// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/check_report.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

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

}  // namespace
}  // namespace longhaul::scenario
