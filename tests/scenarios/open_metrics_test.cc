// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/open_metrics.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/scenarios/fake_testbed.h"
#include "tests/scenarios/open_metrics_parser.h"

namespace longhaul::scenario {
namespace {

using test::OpenMetrics;

LiveView eventful_view() {
  LiveView view = test::FakeTestbed().view();
  view.run = "odd \"name\"\\\nin two lines";
  LiveDirection& direction = view.directions[1];
  core::LinkCounters& counters = direction.now.counters;
  counters.in = {(std::uint64_t{1} << 63) + 1, 12'345};
  counters.dropped[static_cast<std::size_t>(core::DropCause::kOutage)] = {7, 700};
  counters.marked[1] = {5, 500};
  counters.held = {2, 200};
  counters.queue_bytes = 150;
  direction.now.hooks[0].emplace().counters.dropped[2] = {3, 300};
  direction.now.store_full = 4;
  direction.now.changes = 9;
  direction.now.state.dark = true;
  direction.now.state.background = {0.25, Duration::microseconds(7), 0, 0};
  direction.now.lateness = {100, 0, 1'500, 250'000, 300'000, 400'000};
  direction.loss = std::nullopt;
  return view;
}

TEST(OpenMetricsText, KeepsToTheGrammarAndSaysWhatIs) {
  const OpenMetrics text(open_metrics_text(eventful_view()));
  const OpenMetrics::Labels wan{{"link", "wan"}, {"direction", "reverse"}};
  const auto with = [&](const char* name, const char* value) {
    OpenMetrics::Labels labels = wan;
    labels[name] = value;
    return labels;
  };
  EXPECT_EQ(
      text.value("longhaul_testbed", "longhaul_testbed_info", {{"run", "odd \"name\"\\\nin two lines"}}), 1);
  EXPECT_EQ(text.value("longhaul_uptime_seconds", "longhaul_uptime_seconds", {}), 1.5);
  EXPECT_EQ(text.value("longhaul_link_bytes", "longhaul_link_bytes_total", with("outcome", "in")), 12'345);
  EXPECT_EQ(text.value("longhaul_link_dropped_frames", "longhaul_link_dropped_frames_total",
                       with("cause", "outage")),
            7);
  EXPECT_EQ(
      text.value("longhaul_link_dropped_bytes", "longhaul_link_dropped_bytes_total", with("cause", "hook")),
      300);
  EXPECT_EQ(
      text.value("longhaul_link_marked_frames", "longhaul_link_marked_frames_total", with("cause", "codel")),
      5);
  EXPECT_EQ(text.value("longhaul_link_held_frames", "longhaul_link_held_frames", wan), 2);
  EXPECT_EQ(text.value("longhaul_link_queue_bytes", "longhaul_link_queue_bytes", wan), 150);
  EXPECT_EQ(text.value("longhaul_link_rate_bits_per_second", "longhaul_link_rate_bits_per_second", wan), 1e9);
  EXPECT_EQ(text.value("longhaul_link_share_left_ratio", "longhaul_link_share_left_ratio", wan), 0.25);
  EXPECT_EQ(text.value("longhaul_link_background_wait_seconds", "longhaul_link_background_wait_seconds", wan),
            7e-6);
  EXPECT_EQ(text.value("longhaul_link_delay_seconds", "longhaul_link_delay_seconds", wan), 0.005);
  EXPECT_EQ(text.value("longhaul_link_up", "longhaul_link_up", wan), 0);
  EXPECT_EQ(text.value("longhaul_link_changes", "longhaul_link_changes_total", wan), 9);
  EXPECT_DOUBLE_EQ(text.value("longhaul_link_lateness_seconds", "longhaul_link_lateness_seconds",
                              with("quantile", "0.99")),
                   250e-6);
  EXPECT_EQ(text.value("longhaul_link_lateness_seconds", "longhaul_link_lateness_seconds_count", wan), 100);
  EXPECT_EQ(text.value("longhaul_emulator_link_lost_frames", "longhaul_emulator_link_lost_frames_total",
                       with("place", "store_full")),
            4);
  EXPECT_EQ(text.value("longhaul_port_frames", "longhaul_port_frames_total", {{"host", "x"}, {"way", "rx"}}),
            3);
  EXPECT_EQ(text.value("longhaul_lcore_turns", "longhaul_lcore_turns_total", {{"lcore", "0"}, {"cpu", "1"}}),
            1'000);
  EXPECT_EQ(text.families().at("longhaul_link_loss_ratio").samples.size(), 3U) << "one of four is not known";
}

TEST(OpenMetricsText, LargeCountersKeepEveryDigit) {
  EXPECT_NE(open_metrics_text(eventful_view()).find("outcome=\"in\"} 9223372036854775809\n"),
            std::string::npos);
}

TEST(OpenMetricsText, WhatASharedInterfaceDidWithFrames) {
  const OpenMetrics text(open_metrics_text(eventful_view()));
  const auto frames = [&](const std::string& outcome) {
    return text.value("longhaul_port_steering_frames", "longhaul_port_steering_frames_total",
                      {{"host", "x"}, {"outcome", outcome}});
  };
  EXPECT_EQ(frames("taken tcp 5201-5210"), 3);
  EXPECT_EQ(frames("passed no_match"), 4);
}

// What compares both ends of a cable goes up and down while frames travel, which a counter must not.
TEST(OpenMetricsText, LossesAreThoseThatOnlyGrow) {
  const OpenMetrics text(open_metrics_text(eventful_view()));
  const auto& losses = text.families().at("longhaul_emulator_lost_frames").samples;
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses.begin()->first.second.at("place"), "rx_missed");
}

TEST(OpenMetricsText, TheParserItselfIsStrict) {
  const auto refused = [](const char* text) {
    try {
      const OpenMetrics parsed(text);
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  EXPECT_FALSE(refused("# TYPE a counter\na_total{b=\"\\\\\\\"\\n\"} 1\n# EOF\n"));
  for (const char* text :
       {"# TYPE a counter\na_total 1\n", "# TYPE a counter\na_total 1\n# EOF", "# EOF\n# EOF\n",
        "a 1\n# EOF\n", "# TYPE a counter\na 1\n# EOF\n", "# TYPE a counter\na_total -1\n# EOF\n",
        "# TYPE a gauge\na 1\na 2\n# EOF\n", "# TYPE a gauge\n# TYPE b gauge\n# TYPE a gauge\n# EOF\n",
        "# TYPE a gauge\n# UNIT a s\n# EOF\n", "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n",
        "# TYPE a gauge\na{b=\"c\"d=\"e\"} 1\n# EOF\n", "# TYPE a gauge\na 1 \n# EOF\n",
        "# TYPE a gauge\na{1b=\"c\"} 1\n# EOF\n", "# HELP a b\n# EOF\n", "\n# EOF\n"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

}  // namespace
}  // namespace longhaul::scenario
