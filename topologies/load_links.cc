// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_links.h"

#include <fmt/format.h>

#include <array>

#include "topologies/bounds.h"
#include "topologies/link_level.h"
#include "topologies/load_hooks.h"
#include "topologies/load_line.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

class LinkReader {
 public:
  LinkReader(const YamlValue& value, const Topology& topology)
      : map_(value.map(link_keys())), topology_(topology) {
    link_.name = value.key_name(limits::kLongestName);
  }

  Link read() {
    read_between();
    if (const auto cost = map_.find("cost")) {
      link_.cost = static_cast<std::uint32_t>(cost->integer(1, limits::kMostCost));
    }
    const LinkLevel shared = LinkLevel::read(map_);
    std::array<LinkLevel, 2> levels;
    std::array<Sections, 2> sections;
    for (const Direction direction : {kForward, kReverse}) {
      LinkLevel& level = levels[direction];
      std::optional<YamlValue> hooks = map_.find("hooks");
      if (const auto own = map_.find(direction == kForward ? "forward" : "reverse")) {
        const YamlMap keys = own->map(direction_keys());
        level = LinkLevel::read(keys);
        if (const auto own_hooks = keys.find("hooks")) hooks = own_hooks;
      }
      if (hooks) link_.hooks[direction] = read_hooks(*hooks);
      sections[direction] = level.sections();
      level.inherit(shared);
      link_.directions[direction] = level.config();
      level.route().apply(link_, direction, topology_, map_);
      if (!level.given("rate")) map_.fail("rate", "missing, allowed: a rate such as 1 Gbit/s");
    }
    for (const Direction direction : {kForward, kReverse}) {
      set_buffer(direction, levels[direction].buffer());
      if (const auto& trace = levels[direction].given("trace")) {
        check_trace(*trace, link_, direction, topology_);
      }
    }
    read_sections(shared.sections(), sections, topology_.largest_frame(), link_);
    return link_;
  }

 private:
  void read_between() {
    const YamlValue between = map_.need("between", "the names of two sites, [a, b]");
    const auto ends = between.items();
    if (ends.size() != 2)
      between.fail(fmt::format("has {} entries, allowed: two sites, [a, b]", ends.size()));
    for (std::size_t i = 0; i < 2; ++i) link_.between[i] = site_index(ends[i], topology_);
    if (link_.between[0] == link_.between[1]) {
      ends[1].fail(fmt::format("{} is the same site, allowed: two different sites",
                               in_quotes(ends[1].text("a site"))));
    }
  }

  void set_buffer(Direction direction, const Maybe<BufferSize>& given) {
    core::LinkConfig& config = link_.directions[direction];
    const BufferSize written = given ? given->value : BufferSize{};
    config.buffer = written.resolve(config.rate, round_trip(link_));
    std::string problem;
    if (config.buffer < topology_.largest_frame()) {
      problem = fmt::format("{} is less than the largest frame, allowed: {} or more", to_text(config.buffer),
                            to_text(topology_.largest_frame()));
    } else if (config.buffer > limits::kLargestBuffer) {
      problem = fmt::format("{} is too large, allowed: up to {}", to_text(config.buffer),
                            to_text(limits::kLargestBuffer));
    }
    if (problem.empty()) return;
    if (given) given->at.fail(problem);
    map_.fail("buffer", "the default of 1 bdp, " + problem);
  }

  YamlMap map_;
  const Topology& topology_;
  Link link_;
};

}  // namespace

std::size_t site_index(const YamlValue& value, const Topology& topology) {
  const std::string& name = value.text("the name of a site");
  for (std::size_t s = 0; s < topology.sites.size(); ++s) {
    if (topology.sites[s].name == name) return s;
  }
  std::vector<std::string_view> names;
  for (const Site& site : topology.sites) names.push_back(site.name);
  value.fail(fmt::format("{} is not a site{}", in_quotes(name), suggestion(name, names)));
}

BitRate read_rate(const YamlValue& value) {
  const BitRate rate = value.read(parse_rate, "a rate such as 1 Gbit/s");
  if (rate < limits::kLeastRate || rate > limits::kMostRate) {
    value.fail(fmt::format("{} is out of range, allowed: {} to {}", to_text(rate),
                           to_text(limits::kLeastRate), to_text(limits::kMostRate)));
  }
  return rate;
}

std::vector<Link> read_links(const YamlValue& section, const Topology& topology) {
  const auto values = section.named();
  if (values.size() > limits::kMostLinks) {
    section.fail(fmt::format("{} links are too many, allowed: up to {}", values.size(), limits::kMostLinks));
  }
  std::vector<Link> links;
  for (const YamlValue& value : values) links.push_back(LinkReader(value, topology).read());
  return links;
}

}  // namespace longhaul::topology
