// SPDX-License-Identifier: GPL-2.0-only
//
// Random configurations of the line, written as effective YAML, read back to the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

#include "topologies/load.h"

namespace longhaul::topology {
namespace {

class Chooser {
 public:
  explicit Chooser(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool coin() { return below(2) == 1; }
  // 0 and 1 now and then, all magnitudes between.
  double probability() {
    const std::uint64_t form = below(8);
    if (form < 2) return static_cast<double>(form);
    return std::ldexp(std::uniform_real_distribution<double>(0.5, 1)(random_), -static_cast<int>(below(60)));
  }
  Duration time(Duration most) {
    const auto limit = static_cast<std::uint64_t>(most.ps());
    return Duration::picoseconds(static_cast<std::int64_t>(below(coin() ? limit : 1'000) + (coin() ? 1 : 0)));
  }
  std::uint64_t whole(std::uint64_t least, std::uint64_t most) {
    return least + below(coin() ? most - least + 1 : std::min<std::uint64_t>(most - least + 1, 10));
  }

  core::LossModel loss() {
    namespace loss = core::loss;
    switch (below(5)) {
      case 0:
        return probability();
      case 1:
        return loss::GilbertElliott{probability(), probability(), probability(), probability()};
      case 2: {
        const double p13 = probability(), p31 = probability();
        return loss::FourState{p13, p31, (1 - p31) * probability(), probability(), (1 - p13) * probability()};
      }
      case 3:
        return loss::EveryNth{whole(1, 1'000'000'000'000'000'000), whole(0, 1'000'000'000'000'000'000)};
      default:
        break;
    }
    std::set<std::uint64_t> frames;
    for (std::uint64_t n = below(20); n > 0; --n) frames.insert(below(1'000'000'000'000));
    return loss::Positions{{frames.begin(), frames.end()}, coin() ? 0 : 1'000'000'000'000 + below(1'000'000)};
  }

  core::Jitter jitter() {
    core::Jitter jitter{.scale = time(Duration::seconds(1)),
                        .shape = static_cast<core::JitterShape>(below(5)),
                        .correlation = std::min(probability(), 0.999)};
    if (jitter.shape == core::JitterShape::kTable) {
      for (std::uint64_t n = 2 + below(300); n > 0; --n) {
        jitter.table.push_back(static_cast<std::int16_t>(static_cast<int>(below(65'536)) - 32'768));
      }
      std::sort(jitter.table.begin(), jitter.table.end());
    }
    return jitter;
  }

  core::Trace trace() {
    core::Trace trace;
    Duration at = coin() ? Duration() : time(Duration::seconds(1));
    const std::uint64_t columns = below(15);
    for (std::uint64_t n = 1 + below(30); n > 0; --n) {
      core::Change change;
      if ((columns & 1) == 0 && coin())
        change.rate = BitRate::bits_per_second(coin() ? 0 : whole(1'000, 1'600'000'000'000));
      if ((columns & 2) == 0 && coin()) change.delay = time(Duration::seconds(10));
      if ((columns & 4) == 0 && coin()) change.loss = probability();
      if ((columns & 8) == 0 && coin()) change.buffer = Bytes(whole(1'518, std::uint64_t{1} << 42));
      trace.rows.push_back({at, change});
      at += Duration::picoseconds(1) + time(Duration::seconds(1'000));
    }
    if (coin()) trace.period = at;
    if (coin()) trace.origin = core::Origin::kFirstFrame;
    return trace;
  }

  core::LinkConfig config() {
    core::LinkConfig c;
    c.rate = BitRate::bits_per_second(whole(1'000, 1'600'000'000'000));
    c.framing = coin() ? core::Framing::kWire : core::Framing::kL2;
    c.buffer = Bytes(whole(1'518, std::uint64_t{1} << 42));
    c.delay = time(Duration::seconds(10));
    c.loss = loss();
    c.overhead = Bytes(whole(0, 1'024));
    c.line.jitter = jitter();
    c.line.order = coin() ? core::Order::kKept : core::Order::kFree;
    c.line.drift_ps_per_s = static_cast<std::int64_t>(below(2'000'000'001)) - 1'000'000'000;
    c.line.reorder = {probability(), static_cast<std::uint32_t>(whole(1, 0xffff'ffff)),
                      time(Duration::seconds(10))};
    c.line.duplicate = {probability(), time(Duration::seconds(10))};
    c.line.corrupt = {probability(), static_cast<std::uint32_t>(whole(1, 65'536)),
                      static_cast<core::Region>(below(3)), coin()};
    c.line.bit_errors = {probability(), coin()};
    if (coin()) c.timeline.trace = trace();
    return c;
  }

 private:
  std::mt19937_64 random_;
};

TEST(LineProperty, EffectiveFormReadsBackToTheSame) {
  const char* given = std::getenv("LONGHAUL_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'240'601;
  Chooser choose(seed);
  for (int turn = 0; turn < 1'000; ++turn) {
    SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed) + " turn " + std::to_string(turn));
    Topology topology;
    topology.name = "random";
    topology.sites = {{"a", {}}, {"b", {}}};
    topology.hosts = {{"h", 0, HostKind::kNetns, {}, ""}};
    Link link;
    link.name = "wan";
    link.between = {0, 1};
    link.directions = {choose.config(), choose.config()};
    if (choose.coin()) link.directions[1] = link.directions[0];
    topology.links = {link};
    const std::string effective = effective_yaml(topology);
    ASSERT_EQ(load_text(effective, "effective"), topology) << effective;
  }
}

TEST(LineProperty, ALongTraceReadsBackToTheSame) {
  Topology topology;
  topology.name = "long";
  topology.sites = {{"a", {}}, {"b", {}}};
  topology.hosts = {{"h", 0, HostKind::kNetns, {}, ""}};
  Link link;
  link.name = "wan";
  link.between = {0, 1};
  for (core::LinkConfig& config : link.directions) {
    config.rate = BitRate::gigabits_per_second(1);
    config.buffer = Bytes(1'000'000);
    for (int i = 0; i < 50'000; ++i) {
      config.timeline.trace.rows.push_back(
          {Duration::microseconds(i),
           {.rate = BitRate::bits_per_second(1'000'000 + static_cast<std::uint64_t>(i))}});
    }
  }
  link.directions[kReverse].loss = 0.5;
  topology.links = {link};
  EXPECT_TRUE(load_text(effective_yaml(topology), "effective") == topology);
}

}  // namespace
}  // namespace longhaul::topology
