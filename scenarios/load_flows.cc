// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load_flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>

#include "scenarios/load_traffic.h"
#include "scenarios/load_workload.h"
#include "topologies/bounds.h"
#include "topologies/data_file.h"
#include "topologies/exchange/flows.h"
#include "topologies/quantity.h"
#include "topologies/yaml_text.h"

namespace longhaul::scenario {
namespace {

using topology::to_text;
using topology::YamlMap;
using topology::YamlValue;

constexpr std::size_t kMostFlows = 50'000;  // each raw one has a port of its own
constexpr Bytes kLargestTransfer{std::uint64_t{1} << 40};
constexpr std::uint32_t kEthernetHeader = 14;

Duration read_time(const YamlValue& value, Duration least) {
  const Duration time = value.read(topology::parse_duration, "a time such as 2 s");
  if (time < least || time > topology::limits::kLatestEvent) {
    value.fail(fmt::format("{} is out of range, allowed: {} to {}", to_text(time), to_text(least),
                           to_text(topology::limits::kLatestEvent)));
  }
  return time;
}

Bytes read_transfer(const YamlValue& value) {
  const Bytes bytes = value.read(topology::parse_size, "a size such as 1 MiB");
  if (bytes == Bytes() || bytes > kLargestTransfer) {
    value.fail(
        fmt::format("{} is out of range, allowed: 1 B to {}", to_text(bytes), to_text(kLargestTransfer)));
  }
  return bytes;
}

// It ends with the workload at the latest.
traffic::SourceConfig read_source(const YamlValue& value, const Flow& flow,
                                  const topology::Topology& topology,
                                  const std::optional<Duration>& duration) {
  const YamlMap map = value.map(traffic_keys({"from", "to", "dscp"}));
  const auto way = topology::path(topology, topology.hosts[flow.from].site, topology.hosts[flow.to].site);
  const auto load = map.find("load");
  if (load && way.empty()) load->fail_key("is of the links on the way, and there are none, allowed: rate");
  traffic::SourceConfig source = read_traffic(value, {"from", "to", "dscp"}, topology, way);
  const std::uint32_t largest = topology.mtu + kEthernetHeader;
  const auto packet = map.find("packet");
  if (packet && source.packet > largest) {
    packet->fail(fmt::format("{} is above the MTU, allowed: up to {}", to_text(Bytes(source.packet)),
                             to_text(Bytes(largest))));
  }
  source.packet = std::min(source.packet, largest);
  if (duration) source.stop = std::min(source.stop, Instant::at(*duration));
  if (source.stop == Instant::never())
    map.fail("stop", "is missing, and so is the duration of the workload: this flow would never end");
  return source;
}

Flow read_flow(const YamlValue& value, const topology::Topology& topology,
               const std::optional<Duration>& duration) {
  const YamlMap all = value.map(traffic_keys({"from", "to", "dscp", "bytes", "port"}));
  Flow flow;
  flow.from = netns_host(all.need("from", "the name of a host"), topology);
  const YamlValue to = all.need("to", "the name of a host");
  flow.to = netns_host(to, topology);
  if (flow.from == flow.to) to.fail("is where it comes from, allowed: another host");
  if (const auto dscp = all.find("dscp")) flow.dscp = static_cast<std::uint8_t>(dscp->integer(0, 63));
  constexpr std::size_t kTcp = 5;
  const std::size_t kind = all.need("kind", "constant, poisson, on-off, flows, incast or tcp")
                               .choice({"constant", "poisson", "on-off", "flows", "incast", "tcp"});
  if (kind != kTcp) {
    flow.source = read_source(value, flow, topology, duration);
    flow.start = flow.source->start.since_zero();
    return flow;
  }
  const YamlMap map = value.map({"from", "to", "dscp", "kind", "bytes", "port", "start"});
  flow.bytes = read_transfer(map.need("bytes", "a size such as 1 MiB"));
  if (const auto start = map.find("start")) flow.start = read_time(*start, Duration());
  if (const auto port = map.find("port")) flow.port = static_cast<std::uint16_t>(port->integer(1, 65'535));
  return flow;
}

// A priority group becomes the DSCP class selector of its number (RFC 2474).
std::vector<Flow> read_file(const YamlValue& value, const topology::Topology& topology) {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> index;
  for (const topology::Host& host : topology.hosts) {
    index[host.name] = names.size();
    names.push_back(host.name);
  }
  const std::filesystem::path file = value.path_of(value.text("a path to a flow file"));
  std::vector<Flow> flows;
  for (const topology::Flow& read :
       topology::import_flows(topology::read_data(value, file), file.string(), names).flows) {
    Flow flow;
    flow.from = index[read.from], flow.to = index[read.to];
    flow.start = read.start;
    flow.bytes = read.size;
    flow.port = read.port;
    flow.dscp = static_cast<std::uint8_t>(8 * read.priority);
    if (flow.bytes == Bytes() || flow.bytes > kLargestTransfer || flow.port == 0) {
      value.fail(fmt::format("flow {} of {} has {} for port {}, allowed: 1 B to {}, ports from 1",
                             flows.size() + 1, file.string(), to_text(flow.bytes), flow.port,
                             to_text(kLargestTransfer)));
    }
    flows.push_back(flow);
  }
  return flows;
}

}  // namespace

Flows read_flows(const YamlMap& workload, const topology::Topology& topology) {
  Flows flows;
  if (const auto duration = workload.find("duration"))
    flows.duration = read_time(*duration, Duration::picoseconds(1));
  if (const auto list = workload.find("flows")) {
    for (const YamlValue& item : list->items())
      flows.list.push_back(read_flow(item, topology, flows.duration));
  }
  if (const auto file = workload.find("file")) {
    const std::vector<Flow> read = read_file(*file, topology);
    flows.list.insert(flows.list.end(), read.begin(), read.end());
  }
  if (flows.list.empty() || flows.list.size() > kMostFlows) {
    workload.fail("flows", fmt::format("there are {} flows, in `flows` or `file`, allowed: 1 to {}",
                                       flows.list.size(), kMostFlows));
  }
  return flows;
}

std::vector<std::size_t> hosts_of(const Flows& flows) {
  std::vector<std::size_t> hosts;
  for (const Flow& flow : flows.list) hosts.insert(hosts.end(), {flow.from, flow.to});
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

std::string effective_yaml(const Flows& flows, const topology::Topology& topology) {
  std::string text;
  const auto out = std::back_inserter(text);
  if (flows.duration) fmt::format_to(out, "  duration: {}\n", to_text(*flows.duration));
  text += "  flows:\n";
  for (const Flow& flow : flows.list) {
    fmt::format_to(out, "    - {{ from: {}, to: {}, dscp: {}, ",
                   topology::yaml_name(topology.hosts[flow.from].name),
                   topology::yaml_name(topology.hosts[flow.to].name), flow.dscp);
    if (!flow.source) {
      fmt::format_to(out, "kind: tcp, bytes: {}, port: {}, start: {} }}\n", to_text(flow.bytes), flow.port,
                     to_text(flow.start));
      continue;
    }
    fmt::format_to(out, "{} }}\n", traffic_text(*flow.source));
  }
  return text;
}

}  // namespace longhaul::scenario
