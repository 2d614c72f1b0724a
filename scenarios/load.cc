// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "scenarios/load_probes.h"
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
constexpr std::string_view kSizesAllowed = "a list [4 KiB, 1 MiB] or {from: 4 KiB, to: 16 MiB, factor: 4}";
constexpr Bytes kLargestSize{std::uint64_t{16} << 30};
constexpr std::size_t kMostSizes = 64;
constexpr std::uint64_t kElementBytes = 4;  // float32

std::size_t rank_host(const YamlValue& value, const topology::Topology& topology) {
  const std::string& name = value.text("the name of a host");
  std::vector<std::string_view> names;
  for (const topology::Host& host : topology.hosts) names.push_back(host.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    value.fail(in_quotes(name) + " is not a host" + topology::suggestion(name, names));
  const auto index = static_cast<std::size_t>(found - names.begin());
  if (topology.hosts[index].kind != topology::HostKind::kNetns) {
    value.fail(in_quotes(name) + " is an external host, allowed: hosts of kind netns");
  }
  return index;
}

std::vector<std::size_t> read_ranks(const YamlMap& workload, const topology::Topology& topology) {
  std::vector<std::size_t> ranks;
  const auto given = workload.find("ranks");
  if (given) {
    for (const YamlValue& item : given->items()) {
      const std::size_t host = rank_host(item, topology);
      if (std::find(ranks.begin(), ranks.end(), host) != ranks.end()) {
        item.fail(in_quotes(topology.hosts[host].name) + " has a rank already, allowed: one rank per host");
      }
      ranks.push_back(host);
    }
  } else {
    for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
      if (topology.hosts[h].kind == topology::HostKind::kNetns) ranks.push_back(h);
    }
  }
  if (ranks.size() < 2) {
    const std::string problem =
        fmt::format("{} ranks are too few, allowed: 2 or more netns hosts", ranks.size());
    given ? given->fail(problem) : workload.fail("ranks", "the default, all netns hosts: " + problem);
  }
  return ranks;
}

// A size is cut into one piece of whole elements for each rank.
Bytes read_size(const YamlValue& value, std::size_t ranks) {
  const Bytes size = value.read(topology::parse_size, "a size such as 4 KiB");
  const std::uint64_t unit = kElementBytes * ranks;
  if (size.count() < unit || size > kLargestSize) {
    value.fail(fmt::format("{} is out of range, allowed: {} to {}", to_text(size), to_text(Bytes(unit)),
                           to_text(kLargestSize)));
  }
  if (size.count() % unit != 0) {
    value.fail(fmt::format("{} is not a multiple of {} (4 B x {} ranks), allowed: for example {} B",
                           to_text(size), to_text(Bytes(unit)), ranks, size.count() / unit * unit));
  }
  return size;
}

std::vector<Bytes> read_size_series(const YamlValue& value, std::size_t ranks) {
  const YamlMap map = value.map({"from", "to", "factor"});
  const Bytes from = read_size(map.need("from", "a size such as 4 KiB"), ranks);
  const YamlValue to_value = map.need("to", "a size such as 16 MiB");
  const Bytes to = to_value.read(topology::parse_size, "a size such as 16 MiB");
  if (to < from || to > kLargestSize) {
    to_value.fail(fmt::format("{} is out of range, allowed: {} (from) to {}", to_text(to), to_text(from),
                              to_text(kLargestSize)));
  }
  const auto factor_value = map.find("factor");
  const std::uint64_t factor = factor_value ? factor_value->integer(2, 1'024) : 2;
  std::vector<Bytes> sizes;
  for (std::uint64_t size = from.count(); size <= to.count(); size *= factor) sizes.emplace_back(size);
  return sizes;
}

std::vector<Bytes> read_sizes(const YamlValue& value, std::size_t ranks) {
  if (value.is_map()) return read_size_series(value, ranks);
  if (!value.is_sequence()) value.fail(fmt::format("is not a list of sizes, allowed: {}", kSizesAllowed));
  std::vector<Bytes> sizes;
  for (const YamlValue& item : value.items()) {
    const Bytes size = read_size(item, ranks);
    if (!sizes.empty() && size <= sizes.back()) {
      item.fail(fmt::format("{} does not follow {}, allowed: sizes in ascending order", to_text(size),
                            to_text(sizes.back())));
    }
    sizes.push_back(size);
  }
  if (sizes.empty() || sizes.size() > kMostSizes) {
    value.fail(fmt::format("has {} sizes, allowed: 1 to {}", sizes.size(), kMostSizes));
  }
  return sizes;
}

std::string read_congestion_control(const YamlValue& value) {
  constexpr std::string_view kAllowed = "a name of a-z, 0-9 and _, at most 15 characters";
  constexpr std::size_t kLongest = 15;  // TCP_CA_NAME_MAX - 1
  const std::string& name = value.text(kAllowed);
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || name.size() > kLongest || !std::all_of(name.begin(), name.end(), fits)) {
    value.fail(fmt::format("{} is not a congestion control, allowed: {}", in_quotes(name), kAllowed));
  }
  return name;
}

AllReduce read_workload(const YamlValue& value, const topology::Topology& topology) {
  const YamlMap map =
      value.map({"kind", "algorithm", "sizes", "warmup", "iterations", "ranks", "congestion_control", "ecn"});
  AllReduce workload;
  map.need("kind", "allreduce").choice({"allreduce"});
  const auto algorithm = map.find("algorithm");
  if (algorithm && algorithm->choice({"ring", "halving-doubling"}) == 1) {
    workload.algorithm = Algorithm::kHalvingDoubling;
  }
  if (const auto warmup = map.find("warmup")) {
    workload.warmup = static_cast<std::uint32_t>(warmup->integer(0, 10'000));
  }
  if (const auto iterations = map.find("iterations")) {
    workload.iterations = static_cast<std::uint32_t>(iterations->integer(1, 100'000));
  }
  workload.ranks = read_ranks(map, topology);
  if (workload.algorithm == Algorithm::kHalvingDoubling && !std::has_single_bit(workload.ranks.size())) {
    algorithm->fail(fmt::format("halving-doubling does not work with {} ranks, allowed: a power of two",
                                workload.ranks.size()));
  }
  workload.sizes = read_sizes(map.need("sizes", kSizesAllowed), workload.ranks.size());
  if (const auto control = map.find("congestion_control")) {
    workload.congestion_control = read_congestion_control(*control);
  }
  if (const auto ecn = map.find("ecn")) workload.ecn = ecn->choice({"false", "true"}) == 1;
  return workload;
}

Trust read_trust(const YamlValue& value) {
  const YamlMap map = value.map({"lateness_p99", "lateness_invalid"});
  Trust trust;
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
  const auto p99 = take("lateness_p99", trust.lateness_p99);
  const auto invalid = take("lateness_invalid", trust.lateness_invalid);
  if (trust.lateness_invalid < trust.lateness_p99) {
    const std::string problem =
        fmt::format("lateness_invalid ({}) is below lateness_p99 ({}), allowed: at least that",
                    to_text(trust.lateness_invalid), to_text(trust.lateness_p99));
    invalid ? invalid->fail(problem) : p99->fail(problem);
  }
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
  const YamlMap map = YamlValue(document).map(
      {"name", "description", "topology", "links", "seed", "workload", "trust", "probes"});
  Scenario scenario;
  scenario.name = map.need("name", "a name").name(topology::limits::kLongestName);
  if (const auto description = map.find("description")) scenario.description = description->prose();
  if (const auto seed = map.find("seed")) {
    scenario.seed = seed->integer(0, std::numeric_limits<std::uint64_t>::max());
  }
  const YamlValue topology = map.need("topology", "the name of a topology or a path to a .yaml file");
  const YamlValue workload = map.need("workload", "a mapping with kind and sizes");
  scenario.topology = read_topology(topology, base, library, for_topology, links);
  scenario.workload = read_workload(workload, scenario.topology);
  if (const auto trust = map.find("trust")) scenario.trust = read_trust(*trust);
  if (const auto probes = map.find("probes")) scenario.probes = read_probes(*probes);
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
