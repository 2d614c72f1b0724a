// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of a link that say what happens on the line, and netem's words beside them.
#include <gtest/gtest.h>

#include <variant>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

namespace loss = core::loss;

constexpr std::string_view kPair =
    "name: pair\nsites: { a: {}, b: {} }\nhosts: { h: { site: a } }\n"
    "links:\n  wan:\n    between: [a, b]\n";

Link with(const std::string& keys, const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_override(set));
  return load_text(std::string(kPair) + keys, "pair.yaml", overrides).links.at(0);
}

std::string error_with(const std::string& keys, const std::vector<std::string>& sets = {}) {
  try {
    with(keys, sets);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

const Topology& every_form() {
  static const Topology topology = load(test::in_project("tests/topologies/good/line-and-trace.yaml"));
  return topology;
}

const core::LinkConfig& direction(std::string_view name, Direction which) {
  for (const Link& link : every_form().links) {
    if (link.name == name) return link.directions[which];
  }
  throw std::out_of_range(std::string(name));
}

TEST(Line, WithoutAKeyNothingHappens) {
  const core::LinkConfig config = with("    delay: 1 ms\n    rate: 1 Gbit/s\n").directions[kForward];
  EXPECT_EQ(config.line, core::LineConfig{});
  EXPECT_EQ(config.loss, core::LossModel{});
  EXPECT_EQ(config.overhead, Bytes());
  EXPECT_EQ(config.timeline, core::Timeline{});
}

TEST(Line, ShortForms) {
  const core::LinkConfig& config = direction("plain", kReverse);
  EXPECT_EQ(config.overhead, Bytes(32));
  EXPECT_EQ(config.loss, 1e-4);
  EXPECT_EQ(config.line.jitter, (core::Jitter{.scale = Duration::microseconds(100)}));
  EXPECT_EQ(config.line.order, core::Order::kFree);
  EXPECT_EQ(config.line.drift_ps_per_s, 3'000);
  EXPECT_EQ(config.line.reorder, (core::Reorder{.probability = 1e-3, .gap = 1, .hold = Duration()}));
  EXPECT_EQ(config.line.duplicate, (core::Duplicate{.probability = 1e-4, .extra_delay = Duration()}));
  EXPECT_EQ(config.line.corrupt, (core::Corrupt{.probability = 1e-6}));
  EXPECT_EQ(config.line.bit_errors, (core::BitErrors{.rate = 1e-12}));
}

TEST(Line, LongForms) {
  const core::LinkConfig& config = direction("in-full", kForward);
  EXPECT_EQ(config.overhead, Bytes(60));
  EXPECT_EQ(config.loss, core::LossModel(loss::GilbertElliott{1e-4, 0.25, 0.9, 1e-9}));
  EXPECT_EQ(config.line.jitter, (core::Jitter{.scale = Duration::microseconds(100),
                                              .shape = core::JitterShape::kParetoNormal,
                                              .correlation = 0.25}));
  EXPECT_EQ(config.line.order, core::Order::kKept);
  EXPECT_EQ(config.line.drift_ps_per_s, -500'000);
  EXPECT_EQ(config.line.reorder, (core::Reorder{0.25, 5, Duration::microseconds(200)}));
  EXPECT_EQ(config.line.duplicate, (core::Duplicate{0.01, Duration::milliseconds(1)}));
  EXPECT_EQ(config.line.corrupt, (core::Corrupt{0.001, 3, core::Region::kHeader, true}));
  EXPECT_EQ(config.line.bit_errors, (core::BitErrors{1e-15, true}));
}

TEST(Line, ADirectionReplacesTheLinksWholeKey) {
  EXPECT_EQ(direction("by-direction", kForward).loss, core::LossModel(loss::EveryNth{100, 17}));
  EXPECT_EQ(direction("by-direction", kReverse).loss,
            core::LossModel(loss::Positions{{3, 17, 1'000'000'000'000}, 2'000'000'000'000}));
  EXPECT_EQ(direction("by-direction", kForward).overhead, Bytes(73));
  EXPECT_EQ(direction("by-direction", kReverse).overhead, Bytes(50));
  EXPECT_EQ(direction("by-direction", kForward).line.jitter,
            (core::Jitter{.scale = Duration::milliseconds(1),
                          .shape = core::JitterShape::kTable,
                          .table = {-8192, -4096, 0, 4096, 8192}}));
  EXPECT_EQ(direction("by-direction", kReverse).line.jitter, core::Jitter{});
}

TEST(Line, LossIsReplayedFromFiles) {
  EXPECT_EQ(direction("replayed", kForward).loss,
            core::LossModel(loss::Positions{{3, 17, 18, 4'999}, 5'000}));
  EXPECT_EQ(direction("replayed", kReverse).loss, core::LossModel(loss::Positions{{12, 15}, 0}));
}

TEST(Line, NetemsWordsStandForKeys) {
  const core::LinkConfig& forward = direction("in-netems-words", kForward);
  EXPECT_EQ(forward.delay, Duration::milliseconds(5));
  EXPECT_EQ(forward.rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(forward.framing, core::Framing::kL2);
  EXPECT_EQ(forward.overhead, Bytes(24));
  EXPECT_EQ(forward.loss, core::LossModel(loss::GilbertElliott{0.01, 0.1, 1, 0}));
  EXPECT_EQ(forward.line.order, core::Order::kFree);
  EXPECT_EQ(forward.line.reorder.gap, 5u);
  EXPECT_EQ(forward.queues.classes.at(0).limit_frames, 1'000u);
  // All of the link's words are replaced by the direction's, and none is left.
  const core::LinkConfig& reverse = direction("in-netems-words", kReverse);
  EXPECT_EQ(reverse.delay, Duration::milliseconds(7));
  EXPECT_EQ(reverse.loss, 0);
  EXPECT_EQ(reverse.overhead, Bytes());
  EXPECT_EQ(reverse.line.duplicate, core::Duplicate{});
  EXPECT_EQ(reverse.queues, core::QueueConfig{});
  EXPECT_EQ(reverse.line.jitter.table.size(), 5u);
}

TEST(Line, WhatFollowsFromNetemsWordsGivesWayToTheLinksOwnKeys) {
  const std::string words = "    netem: delay 5ms 1ms rate 1gbit loss 1%\n";
  EXPECT_EQ(with(words).directions[kForward].line.order, core::Order::kFree);
  const Link own = with(words + "    order: kept\n    framing: wire\n");
  EXPECT_EQ(own.directions[kForward].line.order, core::Order::kKept);
  EXPECT_EQ(own.directions[kForward].framing, core::Framing::kWire);
  EXPECT_EQ(with("    netem: delay 5ms rate 1gbit\n").directions[kForward].line.order, core::Order::kKept);
  EXPECT_EQ(with(words + "    reverse: { loss: 2 % }\n").directions[kReverse].loss, 0.02);
}

TEST(Line, AnOverrideWinsOverNetemsWordsAndTheyOverTheFile) {
  const std::string words = "    netem: delay 5ms rate 1gbit loss 1%\n";
  const Link own = with(words, {"links.wan.loss=2 %", "links.wan.distance=100 km"});
  EXPECT_EQ(own.directions[kForward].loss, 0.02);
  EXPECT_EQ(own.directions[kForward].delay, Duration::microseconds(490));
  const Link netem =
      with("    delay: 1 ms\n    rate: 2 Gbit/s\n    loss: 2 %\n", {"links.wan.netem=delay 5ms loss 1%"});
  EXPECT_EQ(netem.directions[kForward].delay, Duration::milliseconds(5));
  EXPECT_EQ(netem.directions[kForward].loss, 0.01);
  EXPECT_EQ(netem.directions[kForward].rate, BitRate::gigabits_per_second(2));
  const Link longer = with("    distance: 1000 km\n    rate: 2 Gbit/s\n", {"links.wan.netem=delay 5ms"});
  EXPECT_EQ(longer.directions[kReverse].delay, Duration::milliseconds(5));
  EXPECT_EQ(longer.routes[kReverse], Route{});
}

TEST(Line, AnOverrideMayTakeAnotherModelOrTable) {
  const std::string keys =
      "    delay: 1 ms\n    rate: 1 Gbit/s\n    loss: { every: 5, first: 2 }\n"
      "    jitter: { scale: 1 ms, shape: normal }\n";
  const Link link = with(keys, {"links.wan.loss.positions=[1, 2]", "links.wan.jitter.table=0 1",
                                "links.wan.forward.corrupt.probability=1e-3"});
  EXPECT_EQ(link.directions[kForward].loss, core::LossModel(loss::Positions{{1, 2}, 0}));
  EXPECT_EQ(link.directions[kForward].line.jitter.shape, core::JitterShape::kTable);
  EXPECT_EQ(link.directions[kForward].line.corrupt.probability, 1e-3);
  EXPECT_EQ(link.directions[kReverse].line.corrupt.probability, 0);
  EXPECT_EQ(error_with(keys, {"links.wan.loss.period=7"}),
            "--set links.wan.loss.period: links.wan.loss.period: only goes with positions");
}

TEST(Line, ADirectionsLimitDoesNotMixWithTheLinksQueues) {
  EXPECT_EQ(
      error_with("    delay: 1 ms\n    rate: 1 Gbit/s\n    queues: {}\n    forward: { netem: limit 5 }\n"),
      "pair.yaml:10: links.wan.forward.netem: gives limit in place of the link's queues, allowed: queues "
      "of this direction");
}

TEST(Line, FilesOfAnOverrideAreTheCallers) {
  const std::string file = test::in_project("tests/topologies/good/line-and-trace.yaml");
  const auto changed = [&](const std::string& value) {
    return load(file, {parse_override("links.in-place.jitter={scale: 1 ms, shape: " + value + "}")});
  };
  const auto absolute = test::in_project("tests/topologies/good/data/saw.dist").string();
  EXPECT_EQ(changed(absolute).links.back().directions[kForward].line.jitter.table.size(), 5u);
  EXPECT_THROW(changed("data/saw.dist"), ConfigError);  // beside the topology, where the caller is not
}

}  // namespace
}  // namespace longhaul::topology
