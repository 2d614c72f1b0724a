// SPDX-License-Identifier: GPL-2.0-only
//
// The keys background and coupling: what they mean, every refusal, and the effective form.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "scenarios/load.h"
#include "topologies/config_error.h"

namespace longhaul::scenario {
namespace {

// Sites a, b, c in a row; ab has 10 Gbit/s and two classes, bc 1 Gbit/s and one.
Scenario scenario_with(const std::string& keys, const std::filesystem::path& base = {}) {
  return load_text(
      "name: s\ntopology:\n  name: t\n  sites: { a: {}, b: {}, c: {} }\n"
      "  hosts: { h0: { site: a }, h1: { site: c } }\n  links:\n"
      "    ab: { between: [a, b], delay: 5 ms, rate: 10 Gbit/s, queues: { classes: [{}, {}] } }\n"
      "    bc: { between: [b, c], delay: 5 ms, rate: 1 Gbit/s }\n"
      "workload: { kind: allreduce, sizes: [4 KiB] }\n" +
          keys + "\n",
      "s.yaml", base, {});
}

std::string error_of(const std::string& keys) {
  try {
    scenario_with(keys);
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

std::string one(const std::string& keys) {
  return "background: [{ name: x, from: a, to: b, " + keys + " }]";
}

traffic::Background first(const std::string& keys) {
  return scenario_with(one(keys)).background.at(0);
}

TEST(LoadBackground, ThereIsNoneUnlessItIsAskedFor) {
  const Scenario s = scenario_with("");
  EXPECT_TRUE(s.background.empty());
  EXPECT_EQ(s.coupling, Coupling{});
  EXPECT_EQ(s.trust.shadow_age_p99, Duration::milliseconds(5));
  EXPECT_EQ(s.trust.shadow_age_invalid, Duration::milliseconds(50));
  EXPECT_TRUE(scenario_with("background:").background.empty());
}

TEST(LoadBackground, Poisson) {
  const traffic::Background b = first("kind: poisson, rate: 6 Gbit/s");
  EXPECT_EQ(b.name, "x");
  EXPECT_EQ(b.from, 0U);
  EXPECT_EQ(b.to, 1U);
  EXPECT_EQ(b.traffic_class, traffic::kOwnClass);
  EXPECT_EQ(b.source.kind, traffic::Kind(traffic::Poisson{BitRate::gigabits_per_second(6)}));
  EXPECT_EQ(b.source.packet, 1'500U);
  EXPECT_EQ(b.source.stop, Instant::never());
}

// 60 % of 10 Gbit/s on the wire is 1,500 of 1,524 parts of that in L2 bytes; of 1 Gbit/s where the way is
// longer.
TEST(LoadBackground, LoadIsThatOfTheSlowestLinkOnTheWay) {
  const auto rate_of = [](const traffic::Background& b) {
    return std::get<traffic::Constant>(b.source.kind).rate;
  };
  EXPECT_EQ(rate_of(first("kind: constant, load: 60 %")).bps(), 5'905'511'811U);
  EXPECT_EQ(rate_of(first("kind: constant, load: 0.6")).bps(), 5'905'511'811U);
  EXPECT_EQ(rate_of(first("kind: constant, load: 105%")).bps(), 10'334'645'669U);
  EXPECT_EQ(rate_of(scenario_with("background: [{ name: x, from: a, to: c, kind: constant, load: 60 % }]")
                        .background.at(0))
                .bps(),
            590'551'181U);
}

TEST(LoadBackground, EveryKindWithEveryKeyIsTheSameInTheEffectiveForm) {
  const std::string keys = R"(
background:
  - { name: a, from: a, to: c, kind: constant, rate: 1 Mbit/s, packet: 60 B, class: 0, start: 1 s, stop: 2.5 s }
  - { name: b, from: c, to: a, kind: poisson, load: 20 %, profile: [{ at: 0 s, scale: 0.1 }, { at: 3 s, scale: 2 }] }
  - { name: c, from: a, to: b, class: 1, kind: on-off, rate: 2 Gbit/s, on_time: 3 ms, off_time: 7 ms }
  - { name: d, from: a, to: b, kind: on-off, rate: 2 Gbit/s, on_time: 3 ms, off_time: 7 ms, times: pareto, shape: 1.2 }
  - { name: e, from: b, to: a, kind: flows, load: 0.5, peak: 1 Gbit/s, sizes: { points: "0 0; 1000 12.5; 30000 100" } }
  - { name: f, from: b, to: a, kind: incast, senders: 8, burst: 64 KiB, period: 10 ms, profile: { period: 60 s, depth: 0.5 } }
  - { name: g, from: b, to: c, kind: bulk, flows: 4, profile: { steps: [{ at: 1 s, scale: 0 }], period: 1 s, depth: 1 } }
coupling: { interval: 2 ms, slow_down: 10, real_flows: 4 }
trust: { shadow_age_p99: 1 ms, shadow_age_invalid: 2 ms }
)";
  const Scenario s = scenario_with(keys);
  ASSERT_EQ(s.background.size(), 7U);
  EXPECT_EQ(s.coupling, (Coupling{Duration::milliseconds(2), 10, 4}));
  EXPECT_EQ(s.background[0].source.stop, Instant::at(Duration::milliseconds(2'500)));
  EXPECT_EQ(s.background[1].source.profile.steps.at(1), (traffic::Profile::Step{Duration::seconds(3), 2}));
  EXPECT_EQ(s.background[2].traffic_class, 1);
  const traffic::OnOff pareto{BitRate::gigabits_per_second(2), Duration::milliseconds(3),
                              Duration::milliseconds(7), traffic::OnOff::Law::kPareto, 1.2};
  EXPECT_EQ(s.background[3].source.kind, traffic::Kind(pareto));
  EXPECT_EQ(std::get<traffic::Flows>(s.background[4].source.kind).sizes.points.at(1),
            (traffic::SizeLaw::Point{1'000, 12.5}));
  EXPECT_EQ(s.background[5].source.kind,
            traffic::Kind(traffic::Incast{8, Bytes(65'536), Duration::milliseconds(10)}));
  EXPECT_EQ(s.background[6].source.profile.depth, 1);
  EXPECT_EQ(load_text(effective_yaml(s), "effective", {}, {}), s) << effective_yaml(s);
  EXPECT_EQ(scenario_with("coupling: { slow_down: auto }").coupling, Coupling{});
}

TEST(LoadBackground, SizesMayBeInAFileBesideTheScenario) {
  const std::filesystem::path directory = std::filesystem::path(::testing::TempDir()) / "longhaul-sizes";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "web.txt") << "0 0\n10000 15\n30000000 100\n";
  const std::string keys = one("kind: flows, load: 0.5, peak: 1 Gbit/s, sizes: web.txt");
  const Scenario s = scenario_with(keys, directory);
  EXPECT_EQ(std::get<traffic::Flows>(s.background[0].source.kind).sizes.points.at(2),
            (traffic::SizeLaw::Point{30'000'000, 100}));
  std::ofstream(directory / "web.txt") << "0 0\n10000 15\n";
  try {
    scenario_with(keys, directory);
    ADD_FAILURE() << "accepted";
  } catch (const topology::ConfigError& e) {
    EXPECT_EQ(std::string(e.what()),
              (directory / "web.txt").string() + ":2: sizes: ends at 15 %, allowed: 100");
  }
  std::filesystem::remove_all(directory);
}

struct Refusal {
  std::string keys, message;  // what follows "s.yaml:10: "
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.keys;
}
class Refused : public ::testing::TestWithParam<Refusal> {};
TEST_P(Refused, InOneLine) {
  EXPECT_EQ(error_of(GetParam().keys), "s.yaml:10: " + GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(
    Background, Refused,
    ::testing::Values(
        Refusal{"background: 7", "background: '7' is a plain value, allowed: a list such as [a, b]"},
        Refusal{one("kind: poison, rate: 1 Gbit/s"),
                "background[0].kind: 'poison' is not known, allowed: constant, poisson, on-off, flows, "
                "incast, bulk"},
        Refusal{one("rate: 1 Gbit/s"),
                "background[0].kind: missing, allowed: constant, poisson, on-off, flows, incast or bulk"},
        Refusal{"background: [{ from: a, to: b, kind: bulk, flows: 1 }]",
                "background[0].name: missing, allowed: a name"},
        Refusal{"background: [{ name: x, from: a, to: d, kind: bulk, flows: 1 }]",
                "background[0].to: 'd' is not a site, allowed: a, b, c"},
        Refusal{"background: [{ name: x, from: a, to: a, kind: bulk, flows: 1 }]",
                "background[0].to: is where it comes from, allowed: another site"},
        Refusal{"background: [{ name: x, from: a, to: b, kind: bulk, flows: 1 }, { name: x, from: a, to: b, "
                "kind: "
                "bulk, flows: 1 }]",
                "background[1].name: 'x' is there already, allowed: each name once"},
        Refusal{"background: [{ name: x, from: a, to: c, class: 1, kind: bulk, flows: 1 }]",
                "background[0].class: link bc on the way has 1 traffic class, allowed: 0 to 0"},
        Refusal{one("kind: poisson"),
                "background[0].rate: is missing, allowed: a rate such as 6 Gbit/s, or load: 60 %"},
        Refusal{one("kind: poisson, rate: 1 Gbit/s, load: 1"),
                "background[0].load: and rate are both given, allowed: one of them"},
        Refusal{one("kind: poisson, rate: 1 bit/s"),
                "background[0].rate: 1 bit/s is out of range, allowed: 1 kbit/s to 1.6 Tbit/s"},
        Refusal{one("kind: poisson, load: 0 %"),
                "background[0].load: 0 is out of range, allowed: above 0 to 10 times the slowest link"},
        Refusal{one("kind: poisson, load: 1001 %"),
                "background[0].load: 10.01 is out of range, allowed: above 0 to 10 times the slowest link"},
        Refusal{one("kind: poisson, load: much"),
                "background[0].load: 'much' is not a plain number, write for example 1.5, allowed: a load "
                "such as "
                "60 % or 0.6"},
        Refusal{one("kind: poisson, rate: 1 Gbit/s, packet: 59 B"),
                "background[0].packet: 59 B is out of range, allowed: 60 B to 1518 B"},
        Refusal{one("kind: poisson, rate: 1 Gbit/s, senders: 4"),
                "background[0].senders: unknown key, allowed: name, from, to, class, kind, packet, profile, "
                "start, "
                "stop, rate, load"},
        Refusal{one("kind: on-off, rate: 1 Gbit/s, on_time: 1 ms"),
                "background[0].off_time: missing, allowed: a time such as 30 ms"},
        Refusal{one("kind: on-off, rate: 1 Gbit/s, on_time: 1 ns, off_time: 1 ms"),
                "background[0].on_time: 1 ns is out of range, allowed: 1 us to 2592000 s"},
        Refusal{one("kind: on-off, rate: 1 Gbit/s, on_time: 1 ms, off_time: 1 ms, shape: 2"),
                "background[0].shape: is of Pareto times only, allowed: times: pareto"},
        Refusal{one("kind: on-off, rate: 1 Gbit/s, on_time: 1 ms, off_time: 1 ms, times: pareto, shape: 1"),
                "background[0].shape: 1 is out of range, allowed: 1.05 to 100"},
        Refusal{one("kind: flows, rate: 1 Gbit/s, peak: 1 Gbit/s"),
                "background[0].sizes: missing, allowed: a file of sizes"},
        Refusal{one("kind: flows, rate: 1 Gbit/s, peak: 1 Gbit/s, sizes: { points: \"1 100; 2 50\" }"),
                "background[0].sizes.points: row 2: 2 B at 50 % does not follow 1 B at 100 %, allowed: both "
                "ascending"},
        Refusal{one("kind: flows, rate: 1 Gbit/s, peak: 1 bit/s, sizes: { points: \"1 100\" }"),
                "background[0].peak: 1 bit/s is out of range, allowed: 1 kbit/s to 1.6 Tbit/s"},
        Refusal{one("kind: incast, senders: 0, burst: 1 kB, period: 1 ms"),
                "background[0].senders: 0 is out of range, allowed: a whole number from 1 to 10000"},
        Refusal{one("kind: incast, senders: 1, burst: 2 GiB, period: 1 ms"),
                "background[0].burst: 2 GiB is out of range, allowed: 1 B to 1 GiB"},
        Refusal{one("kind: incast, senders: 1, burst: 1 kB, period: 0 s"),
                "background[0].period: 0 s is out of range, allowed: 1 us to 2592000 s"},
        Refusal{one("kind: bulk, flows: 0"),
                "background[0].flows: 0 is out of range, allowed: a whole number from 1 to 10000"},
        Refusal{one("kind: bulk, flows: 1, start: 2 s, stop: 2 s"),
                "background[0].stop: 2 s is not after the start (2 s), allowed: a later time"},
        Refusal{
            one("kind: bulk, flows: 1, profile: day"),
            "background[0].profile: is no profile, allowed: [{at: 3 s, scale: 2}] or {period: 60 s, depth: "
            "0.5}"},
        Refusal{one("kind: bulk, flows: 1, profile: [{ at: 2 s, scale: 1 }, { at: 1 s, scale: 2 }]"),
                "background[0].profile[1].at: 1 s does not follow 2 s, allowed: times in ascending order"},
        Refusal{one("kind: bulk, flows: 1, profile: [{ at: 2 s, scale: -1 }]"),
                "background[0].profile[0].scale: -1 is out of range, allowed: 0 to 1000"},
        Refusal{one("kind: bulk, flows: 1, profile: { period: 1 s }"),
                "background[0].profile.depth: is missing beside period, allowed: a number from 0 to 1"},
        Refusal{one("kind: bulk, flows: 1, profile: { depth: 1 }"),
                "background[0].profile.period: is missing beside depth, allowed: a time such as 60 s"},
        Refusal{one("kind: bulk, flows: 1, profile: { period: 1 s, depth: 2 }"),
                "background[0].profile.depth: 2 is out of range, allowed: 0 to 1"},
        Refusal{"coupling: { interval: 1 us }",
                "coupling.interval: 1 us is out of range, allowed: 100 us to 1 s"},
        Refusal{"coupling: { slow_down: 0 }",
                "coupling.slow_down: 0 is out of range, allowed: a whole number from 1 to 1000"},
        Refusal{"coupling: { real_flows: 0 }",
                "coupling.real_flows: 0 is out of range, allowed: a whole number from 1 to 10000"},
        Refusal{"coupling: { intervall: 1 ms }", "coupling.intervall: unknown key, did you mean 'interval'?"},
        Refusal{
            "trust: { shadow_age_p99: 60 ms }",
            "trust.shadow_age_p99: shadow_age_invalid (50 ms) is below shadow_age_p99 (60 ms), allowed: at "
            "least that"}));

TEST(LoadBackground, ThereAreAtMost256) {
  std::string list = "background: [";
  for (int i = 0; i < 257; ++i)
    list += fmt::format("{{ name: x{}, from: a, to: b, kind: bulk, flows: 1 }}, ", i);
  EXPECT_EQ(error_of(list + "]"), "s.yaml:10: background[256]: is one more than 256");
}

}  // namespace
}  // namespace longhaul::scenario
