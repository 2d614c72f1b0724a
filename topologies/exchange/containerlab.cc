// SPDX-License-Identifier: GPL-2.0-only
//
// Topology definition files of containerlab (containerlab.dev/manual/topo-def-file): `topology.nodes`, each
// of a kind, which may come from its group or from defaults, and `topology.links`, brief (`endpoints:
// ["a:eth1", "b:eth1"]`) or `type: veth` with a node and an interface at each end. What a node runs is not
// taken: network kinds are switches here, the others end systems. Links have no rate and no delay there.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "topologies/exchange/formats.h"
#include "topologies/exchange/network.h"
#include "topologies/quantity.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {
namespace {

constexpr std::array<std::string_view, 7> kEndSystems{
    "linux", "freebsd", "openbsd", "generic_vm", "spirent_stc", "keysight_ixia-c-one", "openwrt"};
// Kinds, and beginnings of those that carry their maker's name.
constexpr std::array<std::string_view, 31> kSwitches{
    "bridge",      "ovs-bridge",    "sonic-vs",  "sonic-vm",    "srl",    "ceos",      "crpd",
    "cvx",         "xrd",           "rare",      "vr-",         "nokia_", "arista_",   "juniper_",
    "cisco_",      "nvidia_",       "cumulus_",  "aruba_",      "dell_",  "mikrotik_", "huawei_",
    "ipinfusion_", "paloalto_",     "fortinet_", "checkpoint_", "ciena_", "6wind_",    "arrcus_",
    "fdio_",       "vyosnetworks_", "veesix_"};

enum class Role : std::uint8_t { kSwitch, kEndSystem, kUnknown };

Role role_of(std::string_view kind) {
  if (std::find(kEndSystems.begin(), kEndSystems.end(), kind) != kEndSystems.end()) return Role::kEndSystem;
  const bool network = std::any_of(kSwitches.begin(), kSwitches.end(), [&](std::string_view known) {
    const bool beginning = known.back() == '_' || known.back() == '-';
    return beginning ? kind.starts_with(known) : kind == known;
  });
  return network ? Role::kSwitch : Role::kUnknown;
}

std::optional<YamlValue> child(const std::optional<YamlValue>& value, std::string_view key) {
  if (!value) return std::nullopt;
  for (const YamlValue& entry : value->named()) {
    if (entry.key() == key) return entry;
  }
  return std::nullopt;
}

class ContainerlabReader {
 public:
  ContainerlabReader(std::string_view text, const std::string& file, const ImportOptions& options)
      : document_(parse_yaml(text, file)), options_(options) {}

  Conversion read(const std::string& file) {
    const YamlValue root(document_);
    const std::optional<YamlValue> name = child(root, "name");
    topology_ = child(root, "topology");
    if (!topology_) root.fail("no `topology` in it, allowed: a topology definition file of containerlab");
    Conversion conversion{draft_for(options_, name ? name->text("a name") : "", file), {}};
    const std::optional<YamlValue> nodes = child(topology_, "nodes"), links = child(topology_, "links");
    if (!nodes) topology_->fail("no `nodes` in it, allowed: a mapping of nodes");
    for (const YamlValue& node : nodes->named()) read_node(node, conversion.report);
    if (links) {
      for (const YamlValue& link : links->items()) read_link(link, conversion.report);
    }
    note_left_out(conversion.report);
    note_chosen(conversion.report);
    conversion.hosts = add_network(network_, conversion.draft, conversion.report);
    return conversion;
  }

 private:
  std::string kind_of(const YamlValue& node) const {
    constexpr std::string_view kNeeded = "a kind such as linux or nokia_srlinux";
    std::optional<YamlValue> kind = child(node, "kind");
    if (!kind) {
      if (const auto group = child(node, "group")) {
        kind = child(child(child(topology_, "groups"), group->text("the name of a group")), "kind");
      }
    }
    if (!kind) kind = child(child(topology_, "defaults"), "kind");
    if (!kind) node.fail_key(fmt::format("no kind, here, in its group or in defaults, allowed: {}", kNeeded));
    const std::string& text = kind->text(kNeeded);
    if (role_of(text) == Role::kUnknown) {
      kind->fail(
          fmt::format("{} is not something that a host or a switch stands for, allowed: {} as hosts; {} as "
                      "switches (names that end in _ or - with what follows)",
                      in_quotes(text), fmt::join(kEndSystems, ", "), fmt::join(kSwitches, ", ")));
    }
    return text;
  }

  void read_node(const YamlValue& node, Report& report) {
    const std::string kind = kind_of(node);
    indices_.emplace(node.key(), network_.nodes.size());
    network_.nodes.push_back({node.key(), role_of(kind) == Role::kEndSystem});
    report.find("nodes");
    for (const YamlValue& setting : node.named()) {
      if (setting.key() != "kind" && setting.key() != "group") ++left_out_["node's " + setting.key()];
    }
  }

  // The node at one end of a link: of "node:interface", or of a mapping with the key node.
  std::size_t end(const YamlValue& endpoint) const {
    constexpr std::string_view kNeeded = "NODE:INTERFACE, or a mapping of node and interface";
    YamlValue at = endpoint;
    std::string name;
    if (endpoint.is_map()) {
      const std::optional<YamlValue> node = child(endpoint, "node");
      if (!node) endpoint.fail(fmt::format("no node in it, allowed: {}", kNeeded));
      at = *node;
      name = node->text(kNeeded);
    } else {
      name = endpoint.text(kNeeded);
      name.resize(std::min(name.find(':'), name.size()));
    }
    const auto found = indices_.find(name);
    if (found != indices_.end()) return found->second;
    if (name == "host" || name == "mgmt-net" || name == "macvlan") {
      at.fail(fmt::format("{} leads out of the topology, allowed: links between its nodes", in_quotes(name)));
    }
    std::vector<std::string_view> known;
    for (const Network::Node& node : network_.nodes) known.push_back(node.name);
    at.fail(fmt::format("{} is not a node{}", in_quotes(name), suggestion(name, known)));
  }

  void read_link(const YamlValue& link, Report& report) {
    report.find("links");
    const std::optional<YamlValue> type = child(link, "type"), endpoints = child(link, "endpoints");
    if (type && type->text("a type of link") == "dummy") {
      report.count("links", "left out: a dummy, which leads nowhere");
      return;
    }
    if (type && type->text("a type of link") != "veth") {
      type->fail(fmt::format("{} leads out of the topology, allowed: veth", in_quotes(type->text(""))));
    }
    if (!endpoints) link.fail("no endpoints in it, allowed: endpoints: [\"a:eth1\", \"b:eth1\"]");
    const std::vector<YamlValue> ends = endpoints->items();
    if (ends.size() != 2) endpoints->fail(fmt::format("{} entries, allowed: two ends", ends.size()));
    for (const YamlValue& setting : link.named()) {
      if (setting.key() != "endpoints" && setting.key() != "type") ++left_out_["link's " + setting.key()];
    }
    add_cable(*endpoints, end(ends[0]), end(ends[1]), report);
  }

  void add_cable(const YamlValue& at, std::size_t from, std::size_t to, Report& report) {
    if (from == to) {
      report.count("links", "left out: a link from a node to itself");
      return;
    }
    if (!options_.rate)
      at.fail("links have no rate in this format, allowed: `--rate 1 Gbit/s` for all of them");
    const bool between_switches = !network_.nodes[from].end_system && !network_.nodes[to].end_system;
    const Duration delay = between_switches && options_.delay ? *options_.delay : Duration();
    network_.cables.push_back({from, to, *options_.rate, delay});
    ++(between_switches ? between_switches_ : to_end_systems_);
  }

  void note_left_out(Report& report) const {
    for (const auto& [what, count] : left_out_)
      report.note(fmt::format("left out: {} {}", count, one_line(what)));
  }

  void note_chosen(Report& report) const {
    if (network_.cables.empty()) return;
    report.note(
        fmt::format("chosen: {} for all links, a delay of {} for {} between switches and 0 s for {} others",
                    topology::to_text(*options_.rate), topology::to_text(options_.delay.value_or(Duration())),
                    between_switches_, to_end_systems_));
  }

  RawDocument document_;
  const ImportOptions& options_;
  std::optional<YamlValue> topology_;
  Network network_;
  std::map<std::string, std::size_t, std::less<>> indices_;  // of nodes, by name
  std::map<std::string, std::size_t> left_out_;              // how often, by what
  std::size_t between_switches_ = 0, to_end_systems_ = 0;
};

}  // namespace

Conversion read_containerlab(std::string_view text, const std::string& file, const ImportOptions& options) {
  return ContainerlabReader(text, file, options).read(file);
}

}  // namespace longhaul::topology
