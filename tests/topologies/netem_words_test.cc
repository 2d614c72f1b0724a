// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/netem_words.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "topologies/decimal.h"

namespace longhaul::topology {
namespace {

namespace loss = core::loss;

Netem parse(std::string_view words) {
  return parse_netem(words, [](std::string_view name) -> std::vector<std::int16_t> {
    if (name == "experimental") return {-1, 0, 1};
    throw QuantityError("no file");
  });
}

std::string error_of(std::string_view words) {
  try {
    parse(words);
  } catch (const QuantityError& e) {
    return e.what();
  }
  return "no error";
}

struct Case {
  std::string words;
  std::function<void(Netem&)> expect;  // changes what nothing said would be
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.words);
    Netem expected;
    c.expect(expected);
    const Netem got = parse(c.words);
    EXPECT_EQ(got.delay, expected.delay);
    EXPECT_TRUE(got.config == expected.config);
    EXPECT_EQ(got.keys, expected.keys);
    EXPECT_EQ(got.implied, expected.implied);
  }
}

auto loses(core::LossModel model) {
  return [model](Netem& n) { n.config.loss = model, n.keys = {"loss"}; };
}

TEST(NetemWords, Loss) {
  expect_all({
      {"loss 1%", loses(0.01)},
      {"loss 1", loses(0.01)},  // a bare number is a percentage, too
      {"loss random 0.0001%", loses(1e-6)},
      {"drop 100%", loses(1.0)},
      {"loss 1% 0%", loses(0.01)},
      {"loss 1% 25%", loses(loss::GilbertElliott{0.01 * 0.75, 0.99 * 0.75, 1, 0})},
      {"loss state 1%", loses(loss::FourState{0.01, 1 - 0.01, 0, 1, 0})},
      {"loss state 1% 20%", loses(loss::FourState{0.01, 0.2, 0, 1, 0})},
      {"loss state 1% 20% 30% 40% 2%", loses(loss::FourState{0.01, 0.2, 0.3, 0.4, 0.02})},
      {"loss gemodel 1%", loses(loss::GilbertElliott{0.01, 1 - 0.01, 1, 0})},
      {"loss gemodel 1% 10%", loses(loss::GilbertElliott{0.01, 0.1, 1, 0})},
      {"loss gemodel 1% 10% 70%", loses(loss::GilbertElliott{0.01, 0.1, 0.7, 0})},
      {"loss gemodel 1% 10% 70% 0.1%", loses(loss::GilbertElliott{0.01, 0.1, 0.7, 0.001})},
  });
}

TEST(NetemWords, DelayAndDistribution) {
  const auto jitters = [](core::Jitter jitter) {
    return [jitter](Netem& n) {
      n.delay = Duration::milliseconds(5);
      n.config.line.jitter = jitter;
      n.config.line.order = core::Order::kFree;
      n.keys = {"delay", "jitter"}, n.implied = {"order"};
    };
  };
  const Duration scale = Duration::microseconds(100);
  using Shape = core::JitterShape;
  expect_all({
      {"delay 5ms", [](Netem& n) { n.delay = Duration::milliseconds(5), n.keys = {"delay"}; }},
      {"latency 5000us", [](Netem& n) { n.delay = Duration::milliseconds(5), n.keys = {"delay"}; }},
      {"del 0.005secs", [](Netem& n) { n.delay = Duration::milliseconds(5), n.keys = {"delay"}; }},
      {"delay 5MS 0us",
       [](Netem& n) {
         n.delay = Duration::milliseconds(5), n.keys = {"delay", "jitter"};
       }},
      {"delay 5ms 100us", jitters({.scale = scale})},
      {"delay 5ms 100us 25%", jitters({.scale = scale, .correlation = 0.25})},
      {"delay 5ms 100us distribution uniform", jitters({.scale = scale})},
      {"delay 5ms 100us distribution normal", jitters({.scale = scale, .shape = Shape::kNormal})},
      {"distribution pareto delay 5ms 100us", jitters({.scale = scale, .shape = Shape::kPareto})},
      {"delay 5ms 100us 25% dist paretonormal",
       jitters({.scale = scale, .shape = Shape::kParetoNormal, .correlation = 0.25})},
      {"delay 5ms 100us distribution experimental",
       jitters({.scale = scale, .shape = Shape::kTable, .table = {-1, 0, 1}})},
  });
}

TEST(NetemWords, TheOtherOptions) {
  expect_all({
      {"limit 1000", [](Netem& n) { n.config.queues.classes[0].limit_frames = 1'000, n.keys = {"queues"}; }},
      {"corrupt 0.1%",
       [](Netem& n) {
         n.config.line.corrupt = {.probability = 0.001, .deliver = true};
         n.keys = {"corrupt"};
       }},
      {"duplicate 1%", [](Netem& n) { n.config.line.duplicate.probability = 0.01, n.keys = {"duplicate"}; }},
      {"reorder 25%",
       [](Netem& n) {
         n.config.line.reorder = {.probability = 0.25, .gap = 1, .hold = {}}, n.keys = {"reorder"};
       }},
      {"gap 5 reorder 25% 0%",
       [](Netem& n) {
         n.config.line.reorder = {.probability = 0.25, .gap = 5, .hold = {}}, n.keys = {"reorder"};
       }},
      {"reorder 25% gap 0",
       [](Netem& n) {
         n.config.line.reorder = {.probability = 0.25, .gap = 1, .hold = {}}, n.keys = {"reorder"};
       }},
      {" \t loss  1%\n limit 7 ",
       [](Netem& n) {
         n.config.loss = 0.01, n.config.queues.classes[0].limit_frames = 7;
         n.keys = {"loss", "queues"};
       }},
  });
}

TEST(NetemWords, RatesAreInBitsOrBytes) {
  const auto sends = [](std::uint64_t bps) {
    return [bps](Netem& n) {
      n.config.rate = BitRate::bits_per_second(bps);
      n.config.framing = core::Framing::kL2;
      n.keys = {"rate"}, n.implied = {"framing"};
    };
  };
  expect_all({
      {"rate 1gbit", sends(1'000'000'000)},
      {"rate 2.5Gbit", sends(2'500'000'000)},
      {"rate 100mbit", sends(100'000'000)},
      {"rate 5kbit", sends(5'000)},
      {"rate 1tbit", sends(1'000'000'000'000)},
      {"rate 8000bit", sends(8'000)},
      {"rate 8000", sends(8'000)},
      {"rate 1mibit", sends(1'048'576)},
      {"rate 1000bps", sends(8'000)},
      {"rate 1mbps", sends(8'000'000)},
      {"rate 1KiBps", sends(8'192)},
      {"rate 100gbps", sends(800'000'000'000)},
      {"rate 1gbit 24",
       [&](Netem& n) {
         sends(1'000'000'000)(n);
         n.config.overhead = Bytes(24);
         n.keys = {"rate", "overhead"};
       }},
  });
}

TEST(NetemWords, WhatHasNoEqualIsRefusedByName) {
  for (const char* word : {"slot", "seed", "ecn"}) {
    EXPECT_TRUE(error_of(std::string(word) + " 1").starts_with(word)) << error_of(word);
  }
  for (const char* words : {"corrupt 1% 25%", "duplicate 1% 25%", "reorder 1% 25%", "rate 1gbit 24 48 5",
                            "rate 1gbit -14", "loss 1% 100%", "delay 5ms 1ms 100%"}) {
    EXPECT_NE(error_of(words), "no error") << words;
  }
}

TEST(NetemWords, MistakesAreNamed) {
  EXPECT_EQ(error_of("1%"),
            "'1%' is not a word of netem, allowed: limit, latency, delay, loss, drop, seed, ecn, "
            "reorder, corrupt, gap, duplicate, distribution, rate, slot");
  EXPECT_EQ(error_of("delay"), "delay lacks a time");
  EXPECT_EQ(error_of("delay 5"), "delay: '5' has no unit that is known, allowed: s, ms, us, ns");
  EXPECT_EQ(error_of("delay 5ms loss 1% delay 6ms"), "delay is there twice");
  EXPECT_EQ(error_of("reorder 5% reorder 6%"), "reorder is there twice");
  EXPECT_EQ(error_of("loss -1%"), "loss: '-1%' is not known, allowed: a percentage, random, state, gemodel");
  EXPECT_EQ(error_of("loss random -1%"), "loss: '-1%' is negative, allowed: 0 or more");
  EXPECT_EQ(error_of("loss random"), "loss lacks a percentage");
  EXPECT_EQ(error_of("rate 50%"),
            "rate: '50%' has the unknown unit '%', allowed: bit, kbit, mbit, gbit, tbit, or "
            "bytes per second as bps, kbps ...");
  EXPECT_EQ(error_of("limit ten"), "limit: 'ten' is not a whole number");
  EXPECT_EQ(error_of("delay 5ms 1ms distribution nowhere"), "no file");
}

}  // namespace
}  // namespace longhaul::topology
