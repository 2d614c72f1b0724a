// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "topologies/bounds.h"
#include "topologies/load_links.h"
#include "topologies/load_steering.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kDeviceAllowed =
    "a PCI address (0000:3b:00.0) or a DPDK device (net_af_packet0,iface=eth1)";
constexpr std::string_view kMacAllowed = "six bytes such as b8:ce:f6:01:02:03";

// Whether `text` is written as `form`: h a hexadecimal digit, o an octal one, all else itself.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = form[i] == 'h'   ? std::isxdigit(static_cast<unsigned char>(text[i])) != 0
                      : form[i] == 'o' ? text[i] >= '0' && text[i] <= '7'
                                       : text[i] == form[i];
    if (!fits) return false;
  }
  return true;
}

bool is_pci_address(std::string_view text) {
  return has_form(text, "hhhh:hh:hh.o");
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

// What devices are told apart by: two with the same identity cannot be open at once.
std::string identity(const std::string& device) {
  if (is_xdp_port(device)) return device;
  std::string id = device.substr(0, device.find(','));
  std::transform(id.begin(), id.end(), id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return id;
}

// What every address of a namespace host begins with (nic/lab_hosts.h).
constexpr std::uint64_t kNamespaceHosts = 0x024c'4800;

std::uint64_t read_mac(const YamlValue& value, const Topology& topology) {
  const std::string& text = value.text(kMacAllowed);
  if (!has_form(text, "hh:hh:hh:hh:hh:hh")) {
    value.fail(fmt::format("{} is not an address, allowed: {}", in_quotes(text), kMacAllowed));
  }
  std::uint64_t mac = 0;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    unsigned byte = 0;
    std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
    mac = mac << 8 | byte;
  }
  constexpr std::uint64_t kGroup = std::uint64_t{1} << 40;
  if ((mac & kGroup) != 0) value.fail(in_quotes(text) + " is a group's address, allowed: that of one host");
  if (mac == 0) value.fail(in_quotes(text) + " is nobody's address, allowed: that of one host");
  if (mac >> 16 == kNamespaceHosts) {
    value.fail(in_quotes(text) + " is of the namespace hosts, allowed: any but 02:4c:48:00:..");
  }
  for (const Host& other : topology.hosts) {
    if (other.mac != mac) continue;
    value.fail(fmt::format("{} is the address of host {} already, allowed: each address once",
                           in_quotes(text), in_quotes(other.name)));
  }
  return mac;
}

void read_netns(const YamlMap& map, Host& host) {
  if (const auto device = map.find("device")) device->fail_key("only goes with kind: external");
  if (const auto mac = map.find("mac")) {
    mac->fail_key("only goes with kind: external; a namespace host has an address of the run's choice");
  }
  if (const auto steer = map.find("steer")) {
    steer->fail_key("only goes with kind: external; nothing else shares the cable of a namespace host");
  }
  if (const auto rate = map.find("rate")) host.rate = read_rate(*rate);
  if (const auto port = map.find("port")) {
    constexpr PortKind kKinds[] = {PortKind::kAuto, PortKind::kXdp, PortKind::kAfPacket, PortKind::kAfXdp};
    host.port = kKinds[port->choice({"auto", "xdp", "af_packet", "af_xdp"})];
  }
}

void read_external(const YamlMap& map, const Topology& topology, Host& host) {
  if (const auto rate = map.find("rate")) {
    rate->fail_key("only goes with kind: netns; an external host has the rate of its own interface");
  }
  if (const auto port = map.find("port")) {
    port->fail_key("only goes with kind: netns; the device of an external host says what its port is");
  }
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
  if (host.device.find(",steer=") != std::string::npos) {
    given.fail(
        fmt::format("{} has a filter in it, allowed: `xdp,iface=NAME`, with the filter under the key steer",
                    in_quotes(host.device)));
  }
  if (const auto mac = map.find("mac")) host.mac = read_mac(*mac, topology);
  if (const auto steer = map.find("steer")) {
    if (!is_xdp_port(host.device)) {
      steer->fail_key(fmt::format("does not go with the device {}, allowed: with `xdp,iface=NAME`",
                                  in_quotes(host.device)));
    }
    host.steer = read_steering(*steer);
  }
}

}  // namespace

Host read_host(const YamlValue& value, const Topology& topology) {
  Host host;
  host.name = value.key_name(limits::kLongestHostName);
  const YamlMap map = value.map({"site", "kind", "rate", "port", "device", "steer", "mac", "vlan"});
  host.site = site_index(map.need("site", "the name of a site"), topology);
  if (const auto kind = map.find("kind")) {
    host.kind = kind->choice({"netns", "external"}) == 0 ? HostKind::kNetns : HostKind::kExternal;
  }
  if (host.kind == HostKind::kNetns) {
    read_netns(map, host);
  } else {
    read_external(map, topology, host);
  }
  if (const auto vlan = map.find("vlan")) {
    host.vlan = static_cast<std::uint16_t>(vlan->integer(1, limits::kLastVlan));
  }
  return host;
}

}  // namespace longhaul::topology
