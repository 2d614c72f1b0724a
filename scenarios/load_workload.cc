// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load_workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/load_flows.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

using topology::in_quotes;
using topology::to_text;
using topology::YamlMap;
using topology::YamlValue;

constexpr std::string_view kSizesAllowed = "a list [4 KiB, 1 MiB] or {from: 4 KiB, to: 16 MiB, factor: 4}";
constexpr Bytes kLargestSize{std::uint64_t{16} << 30};
constexpr std::size_t kMostSizes = 64;
constexpr std::uint64_t kElementBytes = 4;  // float32

std::vector<std::size_t> read_ranks(const YamlMap& workload, const topology::Topology& topology) {
  std::vector<std::size_t> ranks;
  const auto given = workload.find("ranks");
  if (given) {
    for (const YamlValue& item : given->items()) {
      const std::size_t host = netns_host(item, topology);
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

constexpr std::string_view kKindsAllowed =
    "allreduce, reduce_scatter, all_gather, broadcast, all_to_all, flows";

// Nothing: flows.
std::optional<CollectiveKind> read_kind(const YamlValue& value) {
  constexpr std::array kKinds{CollectiveKind::kAllReduce,     CollectiveKind::kAllReduce,
                              CollectiveKind::kReduceScatter, CollectiveKind::kAllGather,
                              CollectiveKind::kBroadcast,     CollectiveKind::kAllToAll};
  const std::size_t kind = value.choice(
      {"allreduce", "all_reduce", "reduce_scatter", "all_gather", "broadcast", "all_to_all", "flows"});
  if (kind == kKinds.size()) return std::nullopt;
  return kKinds[kind];
}

// Without a value the first that the kind has.
Algorithm read_algorithm(const std::optional<YamlValue>& value, CollectiveKind kind) {
  constexpr std::array kAllReduces{Algorithm::kRing, Algorithm::kHalvingDoubling, Algorithm::kHierarchical};
  constexpr std::array kBroadcasts{Algorithm::kChain, Algorithm::kTree};
  switch (kind) {
    case CollectiveKind::kAllReduce:
      return kAllReduces[value ? value->choice({"ring", "halving-doubling", "hierarchical"}) : 0];
    case CollectiveKind::kReduceScatter:
    case CollectiveKind::kAllGather:
      if (value) value->choice({"ring"});
      return Algorithm::kRing;
    case CollectiveKind::kBroadcast:
      return kBroadcasts[value ? value->choice({"chain", "tree"}) : 0];
    case CollectiveKind::kAllToAll:
      if (value) value->choice({"pairwise"});
      return Algorithm::kPairwise;
  }
  return {};
}

using Keys = std::vector<std::string_view>;

Keys joined(Keys keys, const Keys& more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

void read_collective(const YamlMap& map, const topology::Topology& topology, Collective& workload) {
  const auto algorithm = map.find("algorithm");
  workload.algorithm = read_algorithm(algorithm, workload.kind);
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
}

}  // namespace

std::size_t netns_host(const YamlValue& value, const topology::Topology& topology) {
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

void read_workload(const YamlValue& value, Scenario& scenario) {
  const Keys common{"kind", "congestion_control", "ecn"};
  const Keys of_collective = joined(common, {"algorithm", "sizes", "warmup", "iterations", "ranks"});
  const Keys of_flows{"duration", "flows", "file"};
  Collective& workload = scenario.workload;
  const YamlMap all = value.map(joined(of_collective, of_flows));
  if (const auto kind = read_kind(all.need("kind", kKindsAllowed))) {
    workload.kind = *kind;
    read_collective(value.map(of_collective), scenario.topology, workload);
  } else {
    scenario.flows = read_flows(value.map(joined(common, of_flows)), scenario.topology);
    workload.ranks = hosts_of(scenario.flows);
  }
  if (const auto control = all.find("congestion_control"))
    workload.congestion_control = read_congestion_control(*control);
  if (const auto ecn = all.find("ecn")) workload.ecn = ecn->choice({"false", "true"}) == 1;
}

}  // namespace longhaul::scenario
