// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "topologies/bounds.h"
#include "topologies/load_host.h"
#include "topologies/load_links.h"
#include "topologies/routes.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {
namespace {

double read_degrees(const YamlValue& value, double most) {
  const double degrees = value.read(parse_number, "degrees such as 33.749");
  if (degrees < -most || degrees > most) {
    value.fail(fmt::format("{} is out of range, allowed: {} to {} degrees", to_text(degrees), -most, most));
  }
  return degrees;
}

Site read_site(const YamlValue& value) {
  Site site;
  site.name = value.key_name(limits::kLongestName);
  const YamlMap map = value.map({"location", "lcore"});
  if (const auto location = map.find("location")) {
    const auto parts = location->items();
    if (parts.size() != 2) {
      location->fail(fmt::format("has {} entries, allowed: [latitude, longitude] in degrees", parts.size()));
    }
    site.location = Coordinates{read_degrees(parts[0], 90), read_degrees(parts[1], 180)};
  }
  if (const auto lcore = map.find("lcore")) {
    site.lcore = static_cast<unsigned>(lcore->integer(0, limits::kLastLcore));
  }
  return site;
}

void read_sites(const YamlValue& section, Topology& topology) {
  const auto sites = section.named();
  if (sites.empty()) section.fail("no sites, allowed: at least one");
  if (sites.size() > limits::kMostSites) {
    section.fail(fmt::format("{} sites are too many, allowed: up to {}", sites.size(), limits::kMostSites));
  }
  for (const YamlValue& site : sites) topology.sites.push_back(read_site(site));
}

void read_hosts(const YamlValue& section, Topology& topology) {
  const auto hosts = section.named();
  if (hosts.empty()) section.fail("no hosts, allowed: at least one");
  if (hosts.size() > limits::kMostHosts) {
    section.fail(fmt::format("{} hosts are too many, allowed: up to {}", hosts.size(), limits::kMostHosts));
  }
  for (const YamlValue& host : hosts) topology.hosts.push_back(read_host(host, topology));
}

void check_connected(const YamlValue& section, const Topology& topology) {
  const auto costs = costs_to(topology, hops_from(topology), 0);
  const auto lost = std::find(costs.begin(), costs.end(), kNoWay);
  if (lost == costs.end()) return;
  section.named()[static_cast<std::size_t>(lost - costs.begin())].fail_key(
      fmt::format("no links lead here from {}, allowed: sites that links join, all of them",
                  in_quotes(topology.sites[0].name)));
}

}  // namespace

Topology read(const YamlValue& value) {
  const YamlMap map = value.map({"name", "description", "mtu", "sites", "hosts", "links"});
  Topology topology;
  topology.name = map.need("name", "a name").name(limits::kLongestName);
  if (const auto description = map.find("description")) topology.description = description->prose();
  if (const auto mtu = map.find("mtu")) {
    topology.mtu = static_cast<std::uint32_t>(mtu->integer(limits::kLeastMtu, limits::kMostMtu));
  }
  const YamlValue sites = map.need("sites", "a mapping of at least one site");
  read_sites(sites, topology);
  read_hosts(map.need("hosts", "a mapping of at least one host"), topology);
  if (const auto links = map.find("links")) topology.links = read_links(*links, topology);
  check_connected(sites, topology);
  return topology;
}

namespace {

Topology finish(RawDocument document, const std::vector<Override>& overrides) {
  for (const Override& change : overrides) apply(change, document);
  return read(YamlValue(document));
}

}  // namespace

Topology load(const std::filesystem::path& file, const std::vector<Override>& overrides,
              const std::optional<LinkOverlay>& links) {
  RawDocument document = read_yaml(file);
  if (links) lay_over(*links, document.root);
  return finish(std::move(document), overrides);
}

Topology load_text(std::string_view yaml, std::string label, const std::vector<Override>& overrides) {
  return finish(parse_yaml(yaml, std::move(label)), overrides);
}

}  // namespace longhaul::topology
