// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/overrides.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "topologies/load.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kPair = R"(name: pair
sites: { a: { location: [0, 0] }, b: { location: [0, 10] } }
hosts: { h0: { site: a }, h1: { site: b } }
links:
  wan: { between: [a, b], distance: great-circle, route_factor: 1.5, fibre: 5 us/km, rate: 1 Gbit/s }
)";

Topology with(const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_override(set));
  return load_text(kPair, "pair.yaml", overrides);
}

std::string error_with(const std::vector<std::string>& sets) {
  try {
    with(sets);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Overrides, ChangeValuesInOrder) {
  const Topology t =
      with({"links.wan.rate=10 Gbit/s", "mtu=9000", "links.wan.rate=25 Gbit/s", "hosts.h1.site=a"});
  EXPECT_EQ(t.links[0].directions[kForward].rate, BitRate::gigabits_per_second(25));
  EXPECT_EQ(t.mtu, 9000u);
  EXPECT_EQ(t.hosts[1].site, 0u);
}

TEST(Overrides, MakeMapsOnTheWay) {
  const Topology t = with({"links.wan.forward.loss=1e-3", "links.wan.reverse.loss=2 %"});
  EXPECT_EQ(t.links[0].directions[kForward].loss, 1e-3);
  EXPECT_EQ(t.links[0].directions[kReverse].loss, 0.02);
}

TEST(Overrides, TakeListsMappingsAndQuotedText) {
  const Topology t =
      with({"links.wan.between=[b, a]", "hosts.h2={site: b}", "description=\"a: b\"", "name='other'"});
  EXPECT_EQ(t.links[0].between[0], 1u);
  EXPECT_EQ(t.hosts.at(2).name, "h2");
  EXPECT_EQ(t.description, "a: b");
  EXPECT_EQ(t.name, "other");
}

TEST(Overrides, PlainTextIsTakenAsItStands) {
  EXPECT_EQ(with({"description=a: b # c = d"}).description, "a: b # c = d");
}

TEST(Overrides, ReplaceTheOtherWayToGiveADelay) {
  const Link by_delay = with({"links.wan.delay=3 ms"}).links[0];
  EXPECT_EQ(by_delay.directions[kForward].delay, Duration::milliseconds(3));
  EXPECT_EQ(by_delay.routes[kForward], Route{});
  const Link by_length = with({"links.wan.distance=100 km"}).links[0];
  EXPECT_EQ(by_length.directions[kReverse].delay,
            Duration::microseconds(500));  // the file's 5 us/km still holds
  EXPECT_EQ(by_length.routes[kReverse].route_factor, 0);
  EXPECT_EQ(error_with({"links.wan.delay=3 ms", "links.wan.distance=100 km"}),
            "--set links.wan.delay: links.wan.delay: given beside distance, allowed: one of the two");
}

TEST(Overrides, MustBeKeyEqualsValue) {
  for (const char* bad : {"", "=", "a", "=b", ".a=1", "a.=1", "a..b=1", "a b=1", "a\n=1",
                          "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1"}) {
    EXPECT_THROW(parse_override(bad), ConfigError) << bad;
  }
  EXPECT_EQ(parse_override("a.b=c=d").value, "c=d");
}

TEST(Overrides, ErrorsNameTheOverride) {
  EXPECT_EQ(error_with({"links.wan.rate=10"}),
            "--set links.wan.rate: links.wan.rate: '10' has no unit, allowed: bit/s, kbit/s, Mbit/s, Gbit/s, "
            "Tbit/s");
  EXPECT_EQ(error_with({"links.wan.raet=1 Gbit/s"}),
            "--set links.wan.raet: links.wan.raet: unknown key, did you mean 'rate'?");
  EXPECT_EQ(error_with({"link.wan.rate=1 Gbit/s"}),
            "--set link.wan.rate: link: unknown key, did you mean 'links'?");
  EXPECT_EQ(error_with({"links.wam.rate=1 Gbit/s"}),
            "--set links.wam.rate: links.wam: unknown key, did you mean 'wan'?");
  EXPECT_EQ(error_with({"name.x=1"}), "--set name.x: name: is a plain value and has no key 'x'");
  EXPECT_EQ(error_with({"links.wan.between.0=a"}),
            "--set links.wan.between.0: links.wan.between: is a list, set it as a whole, for example [a, b]");
  EXPECT_EQ(error_with({"links.wan.between=[a"}),
            "--set links.wan.between: links.wan.between: '[a' is not valid YAML, allowed: a value, [list] or "
            "{key: value}");
  EXPECT_EQ(error_with({"links.wan.rate="}),
            "--set links.wan.rate: links.wan.rate: is empty, allowed: a rate such as 1 Gbit/s");
  EXPECT_EQ(error_with({"hosts.h2={site: c}"}),
            "--set hosts.h2: hosts.h2.site: 'c' is not a site, allowed: a, b");
}

}  // namespace
}  // namespace longhaul::topology
