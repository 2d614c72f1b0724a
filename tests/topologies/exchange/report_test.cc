// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/report.h"

#include <gtest/gtest.h>

namespace longhaul::topology {
namespace {

TEST(ConversionReport, PartsAddUpToWhatWasFound) {
  Report report;
  report.find("nodes", 3);
  report.count("nodes", "a site", 2);
  EXPECT_THROW(report.check(), Miscount);
  report.count("nodes", "left out");
  EXPECT_NO_THROW(report.check());
  report.count("nodes", "left out");
  EXPECT_THROW(report.check(), Miscount);
}

TEST(ConversionReport, CountsByKindAndPart) {
  Report report;
  report.find("nodes", 2);
  report.count("nodes", "a site");
  report.count("nodes", "a site");
  report.find("links");
  report.count("links", "left out: no rate");
  report.note("chosen: something");
  EXPECT_EQ(report.counted("nodes", "a site"), 2u);
  EXPECT_EQ(report.counted("links", "a site"), 0u);
  EXPECT_EQ(report.found("links"), 1u);
  EXPECT_EQ(report.text("> "),
            "> 2 nodes\n>      2 a site\n> 1 links\n>      1 left out: no rate\n> chosen: something\n");
}

}  // namespace
}  // namespace longhaul::topology
