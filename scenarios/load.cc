// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "scenarios/load_background.h"
#include "scenarios/load_probes.h"
#include "scenarios/load_workload.h"
#include "topologies/bounds.h"
#include "topologies/load.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {
namespace {

using topology::in_quotes;
using topology::Override;
using topology::to_text;
using topology::YamlMap;
using topology::YamlValue;

constexpr std::string_view kTopologyPrefix = "topology.";

// A bound above which a run is DEGRADED, and one above which it is INVALID.
void read_bounds(const YamlMap& map, std::string_view degraded, Duration& degrades, std::string_view invalid,
                 Duration& invalidates) {
  const auto take = [&](std::string_view key, Duration& bound) {
    const auto given = map.find(key);
    if (!given) return given;
    bound = given->read(topology::parse_duration, "a time such as 200 us");
    if (bound == Duration() || bound > topology::limits::kLongestDelay) {
      given->fail(fmt::format("{} is out of range, allowed: 1 ps to {}", to_text(bound),
                              to_text(topology::limits::kLongestDelay)));
    }
    return given;
  };
  const auto lower = take(degraded, degrades), upper = take(invalid, invalidates);
  if (invalidates >= degrades) return;
  const std::string problem = fmt::format("{} ({}) is below {} ({}), allowed: at least that", invalid,
                                          to_text(invalidates), degraded, to_text(degrades));
  upper ? upper->fail(problem) : lower->fail(problem);
}

Trust read_trust(const YamlValue& value) {
  const YamlMap map = value.map({"lateness_p99", "lateness_invalid", "shadow_age_p99", "shadow_age_invalid"});
  Trust trust;
  read_bounds(map, "lateness_p99", trust.lateness_p99, "lateness_invalid", trust.lateness_invalid);
  read_bounds(map, "shadow_age_p99", trust.shadow_age_p99, "shadow_age_invalid", trust.shadow_age_invalid);
  return trust;
}

topology::Topology read_topology(const YamlValue& value, const std::filesystem::path& base,
                                 const Library& library, const std::vector<Override>& overrides,
                                 const std::optional<topology::LinkOverlay>& links) {
  if (value.is_map()) return topology::read(value);
  const std::string& name = value.text("the name of a topology, a path to a .yaml file, or a whole topology");
  std::filesystem::path file;
  try {
    // A path on the command line is the caller's, one in the file is the file's.
    file = find_topology(library, name, value.is_override() ? std::filesystem::path() : base);
  } catch (const topology::ConfigError& e) {
    value.fail(e.what());
  }
  return topology::load(file, overrides, links);
}

// Takes `links` out of a scenario: over a topology in place at once, else for that which is named.
std::optional<topology::LinkOverlay> take_links(topology::RawDocument& document) {
  auto& keys = document.root.children;
  const auto found =
      std::find_if(keys.begin(), keys.end(), [](const auto& node) { return node.key == "links"; });
  if (found == keys.end() || document.root.kind != topology::RawNode::Kind::kMap) return std::nullopt;
  topology::Overlay source{document.file, document.base, std::string()};
  topology::LinkOverlay links{std::move(*found), nullptr};
  keys.erase(found);
  for (topology::RawNode& node : keys) {
    if (node.key != "topology" || node.kind != topology::RawNode::Kind::kMap) continue;
    source.below = kTopologyPrefix;
    links.source = std::make_shared<const topology::Overlay>(source);
    lay_over(links, node);
    return std::nullopt;
  }
  links.source = std::make_shared<const topology::Overlay>(std::move(source));
  return links;
}

Scenario finish(topology::RawDocument document, const std::filesystem::path& base, const Library& library,
                const std::vector<Override>& overrides) {
  std::vector<Override> for_topology;
  for (const Override& change : overrides) {
    const topology::RawNode* where = document.root.child("topology");
    const bool inside = where != nullptr && where->kind == topology::RawNode::Kind::kMap;
    if (change.key.starts_with(kTopologyPrefix) && !inside) {
      for_topology.push_back({change.key.substr(kTopologyPrefix.size()), change.value, change.written});
    } else {
      apply(change, document);
    }
  }
  document.base = base;
  const std::optional<topology::LinkOverlay> links = take_links(document);
  const YamlMap map = YamlValue(document).map({"name", "description", "topology", "links", "seed", "workload",
                                               "trust", "probes", "background", "coupling"});
  Scenario scenario;
  scenario.name = map.need("name", "a name").name(topology::limits::kLongestName);
  if (const auto description = map.find("description")) scenario.description = description->prose();
  if (const auto seed = map.find("seed")) {
    scenario.seed = seed->integer(0, std::numeric_limits<std::uint64_t>::max());
  }
  const YamlValue topology = map.need("topology", "the name of a topology or a path to a .yaml file");
  const YamlValue workload = map.need("workload", "a mapping with kind and sizes");
  scenario.topology = read_topology(topology, base, library, for_topology, links);
  read_workload(workload, scenario);
  if (const auto trust = map.find("trust")) scenario.trust = read_trust(*trust);
  if (const auto probes = map.find("probes")) scenario.probes = read_probes(*probes);
  if (const auto background = map.find("background"))
    scenario.background = read_background(*background, scenario.topology);
  if (const auto coupling = map.find("coupling"))
    scenario.coupling = read_coupling(*coupling, scenario.topology, scenario.background);
  return scenario;
}

}  // namespace

Scenario load(std::string_view name_or_path, const Library& library, const std::vector<Override>& overrides) {
  const std::filesystem::path file = find_scenario(library, name_or_path);
  return finish(topology::read_yaml(file), file.parent_path(), library, overrides);
}

Scenario load_text(std::string_view yaml, std::string label, const std::filesystem::path& base,
                   const Library& library, const std::vector<Override>& overrides) {
  return finish(topology::parse_yaml(yaml, std::move(label)), base, library, overrides);
}

}  // namespace longhaul::scenario
