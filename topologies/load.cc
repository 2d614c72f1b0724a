// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "topologies/bounds.h"
#include "topologies/load_links.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kDeviceAllowed =
    "a PCI address (0000:3b:00.0) or a DPDK device (net_af_packet0,iface=eth1)";

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
  const YamlMap map = value.map({"location"});
  if (const auto location = map.find("location")) {
    const auto parts = location->items();
    if (parts.size() != 2) {
      location->fail(fmt::format("has {} entries, allowed: [latitude, longitude] in degrees", parts.size()));
    }
    site.location = Coordinates{read_degrees(parts[0], 90), read_degrees(parts[1], 180)};
  }
  return site;
}

bool is_pci_address(std::string_view text) {
  constexpr std::string_view kForm = "hhhh:hh:hh.o";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = kForm[i] == 'h'   ? std::isxdigit(static_cast<unsigned char>(text[i])) != 0
                      : kForm[i] == 'o' ? text[i] >= '0' && text[i] <= '7'
                                        : text[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

bool is_virtual_device(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\'; };
  const std::string_view name = text.substr(0, text.find(','));
  const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  constexpr std::size_t kLongest = 256;
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && text.size() <= kLongest &&
         text.back() != ',' && std::all_of(name.begin(), name.end(), in_name) &&
         std::all_of(text.begin(), text.end(), printable);
}

// What DPDK tells devices apart by: two with the same identity cannot be open at once.
std::string identity(const std::string& device) {
  std::string id = device.substr(0, device.find(','));
  std::transform(id.begin(), id.end(), id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return id;
}

Host read_host(const YamlValue& value, const Topology& topology) {
  Host host;
  host.name = value.key_name(limits::kLongestHostName);
  const YamlMap map = value.map({"site", "kind", "rate", "device"});
  host.site = site_index(map.need("site", "the name of a site"), topology);
  if (const auto kind = map.find("kind")) {
    host.kind = kind->choice({"netns", "external"}) == 0 ? HostKind::kNetns : HostKind::kExternal;
  }
  const auto rate = map.find("rate");
  const auto device = map.find("device");
  if (host.kind == HostKind::kNetns) {
    if (device) device->fail_key("only goes with kind: external");
    if (rate) host.rate = read_rate(*rate);
    return host;
  }
  if (rate) rate->fail_key("only goes with kind: netns; an external host has the rate of its own interface");
  const YamlValue given = map.need("device", kDeviceAllowed);
  host.device = given.text(kDeviceAllowed);
  if (!is_pci_address(host.device) && !is_virtual_device(host.device)) {
    given.fail(fmt::format("{} is not a device, allowed: {}", in_quotes(host.device), kDeviceAllowed));
  }
  for (const Host& other : topology.hosts) {
    if (other.kind == HostKind::kExternal && identity(other.device) == identity(host.device)) {
      given.fail(fmt::format("{} is the device of host {} already, allowed: one host per device",
                             in_quotes(identity(host.device)), in_quotes(other.name)));
    }
  }
  return host;
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

// There are no cycles, so every site is reachable from the first exactly when there are sites - 1 links.
void check_connected(const YamlValue& section, const Topology& topology) {
  if (topology.links.size() + 1 == topology.sites.size()) return;
  std::vector<bool> reached(topology.sites.size());
  reached[0] = true;
  for (std::size_t turn = 0; turn < topology.links.size(); ++turn) {
    for (const Link& link : topology.links) {
      if (reached[link.between[0]] || reached[link.between[1]]) {
        reached[link.between[0]] = reached[link.between[1]] = true;
      }
    }
  }
  const auto lost =
      static_cast<std::size_t>(std::find(reached.begin(), reached.end(), false) - reached.begin());
  section.named()[lost].fail_key(fmt::format("no links lead here from {}; sites and links must form one tree",
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
