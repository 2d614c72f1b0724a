// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load_background.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/load_traffic.h"
#include "topologies/bounds.h"

namespace longhaul::scenario {
namespace {

using topology::in_quotes;
using topology::to_text;
using topology::YamlMap;
using topology::YamlValue;

constexpr std::size_t kMostBackgrounds = 256;
constexpr std::uint32_t kMostSlowDown = 1'000, kMostRealFlows = 10'000;
constexpr Duration kMostHold = Duration::milliseconds(100);
constexpr Duration kLeastInterval = Duration::microseconds(100), kMostInterval = Duration::seconds(1);

std::size_t read_site(const YamlValue& value, const topology::Topology& topology) {
  const std::string& name = value.text("the name of a site");
  std::vector<std::string_view> names;
  for (const topology::Site& site : topology.sites) names.push_back(site.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    value.fail(in_quotes(name) + " is not a site" + topology::suggestion(name, names));
  return static_cast<std::size_t>(found - names.begin());
}

std::uint8_t read_class(const YamlValue& value, const topology::Topology& topology,
                        const std::vector<topology::Hop>& way) {
  const auto number = static_cast<std::uint8_t>(value.integer(0, core::kMostClasses - 1));
  for (const topology::Hop& hop : way) {
    const topology::Link& link = topology.links[hop.link];
    const std::size_t classes = link.directions[hop.direction].queues.classes.size();
    if (number >= classes) {
      value.fail(fmt::format("link {} on the way has {} traffic class{}, allowed: 0 to {}", link.name,
                             classes, classes == 1 ? "" : "es", classes - 1));
    }
  }
  return number;
}

traffic::Background read_one(const YamlValue& value, const topology::Topology& topology,
                             const std::vector<traffic::Background>& before) {
  const YamlMap map = value.map(traffic_keys({"name", "from", "to", "class"}));
  traffic::Background one;
  const YamlValue name = map.need("name", "a name");
  one.name = name.name(topology::limits::kLongestName);
  for (const traffic::Background& other : before) {
    if (other.name == one.name) name.fail(in_quotes(one.name) + " is there already, allowed: each name once");
  }
  one.from = read_site(map.need("from", "the name of a site"), topology);
  const YamlValue to = map.need("to", "the name of a site");
  one.to = read_site(to, topology);
  if (one.to == one.from) to.fail("is where it comes from, allowed: another site");
  const auto way = traffic::way_of(topology, one.name, one.from, one.to);
  one.source = read_traffic(value, {"name", "from", "to", "class"}, topology, way);
  if (const auto number = map.find("class")) one.traffic_class = read_class(*number, topology, way);
  return one;
}

}  // namespace

std::vector<traffic::Background> read_background(const YamlValue& value, const topology::Topology& topology) {
  std::vector<traffic::Background> all;
  if (value.is_null()) return all;
  for (const YamlValue& item : value.items()) {
    if (all.size() == kMostBackgrounds) item.fail(fmt::format("is one more than {}", kMostBackgrounds));
    all.push_back(read_one(item, topology, all));
  }
  return all;
}

namespace {

bool contains(const std::vector<std::size_t>& links, std::size_t link) {
  return std::binary_search(links.begin(), links.end(), link);
}

std::vector<std::size_t> read_inline_links(const YamlValue& value, const topology::Topology& topology) {
  std::vector<std::string_view> names;
  for (const topology::Link& link : topology.links) names.push_back(link.name);
  std::vector<std::size_t> links;
  for (const YamlValue& item : value.items()) {
    const std::string& name = item.text("the name of a link");
    const auto named = std::find(names.begin(), names.end(), name);
    if (named == names.end()) {
      item.fail(fmt::format("no link is called {}{}", topology::in_quotes(name),
                            topology::suggestion(name, names)));
    }
    const auto link = static_cast<std::size_t>(named - names.begin());
    if (std::find(links.begin(), links.end(), link) != links.end())
      item.fail(fmt::format("link {} stands here twice", topology::in_quotes(name)));
    links.push_back(link);
  }
  std::sort(links.begin(), links.end());
  return links;
}

// Packets of one background are simulated one by one on all of its way, or on none of it.
void check_ways(const YamlValue& value, const topology::Topology& topology,
                const std::vector<traffic::Background>& background, const std::vector<std::size_t>& links) {
  for (const traffic::Background& one : background) {
    std::string in, out;
    for (const topology::Hop& hop : traffic::way_of(topology, one.name, one.from, one.to))
      (contains(links, hop.link) ? in : out) = topology.links[hop.link].name;
    if (in.empty()) continue;
    if (!out.empty()) {
      value.fail(
          fmt::format("background {} goes over {}, which is inline, and over {}, which is not, allowed: all "
                      "of its way inline, or nothing of it",
                      topology::in_quotes(one.name), in, out));
    }
    if (std::holds_alternative<traffic::Bulk>(one.source.kind)) {
      value.fail(fmt::format(
          "background {} is bulk and goes over {}, which is inline, allowed there: any other kind",
          topology::in_quotes(one.name), in));
    }
  }
}

}  // namespace

Coupling read_coupling(const YamlValue& value, const topology::Topology& topology,
                       const std::vector<traffic::Background>& background) {
  const YamlMap map = value.map({"interval", "slow_down", "real_flows", "inline", "hold", "pcap"});
  Coupling coupling;
  if (const auto interval = map.find("interval")) {
    coupling.interval = interval->read(topology::parse_duration, "a time such as 1 ms");
    if (coupling.interval < kLeastInterval || coupling.interval > kMostInterval) {
      interval->fail(fmt::format("{} is out of range, allowed: {} to {}", to_text(coupling.interval),
                                 to_text(kLeastInterval), to_text(kMostInterval)));
    }
  }
  const auto slow_down = map.find("slow_down");
  if (slow_down && slow_down->text("auto or a whole number such as 10") != "auto")
    coupling.slow_down = static_cast<std::uint32_t>(slow_down->integer(1, kMostSlowDown));
  if (const auto flows = map.find("real_flows"))
    coupling.real_flows = static_cast<std::uint32_t>(flows->integer(1, kMostRealFlows));
  if (const auto links = map.find("inline")) {
    coupling.inline_links = read_inline_links(*links, topology);
    check_ways(*links, topology, background, coupling.inline_links);
  }
  if (const auto hold = map.find("hold")) {
    coupling.hold = hold->read(topology::parse_duration, "a time such as 2 ms");
    if (coupling.hold > kMostHold)
      hold->fail(
          fmt::format("{} is out of range, allowed: 0 s to {}", to_text(coupling.hold), to_text(kMostHold)));
  }
  if (const auto pcap = map.find("pcap")) coupling.pcap = pcap->choice({"false", "true"}) == 1;
  return coupling;
}

}  // namespace longhaul::scenario
