// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <iterator>
#include <sstream>
#include <string>

#include "scenarios/load.h"
#include "scenarios/load_flows.h"
#include "scenarios/load_traffic.h"
#include "topologies/load.h"
#include "topologies/quantity.h"
#include "topologies/yaml_text.h"

namespace longhaul::scenario {
namespace {

std::string collective_text(const Scenario& scenario) {
  const Collective& workload = scenario.workload;
  const auto append = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::string sizes, ranks;
  for (const Bytes size : workload.sizes) append(sizes, topology::to_text(size));
  for (const std::size_t host : workload.ranks)
    append(ranks, topology::yaml_name(scenario.topology.hosts[host].name));
  return fmt::format(
      "  kind: {}\n  algorithm: {}\n  sizes: [{}]\n  warmup: {}\n  iterations: {}\n  ranks: [{}]\n",
      name(workload.kind), name(workload.algorithm), sizes, workload.warmup, workload.iterations, ranks);
}

}  // namespace

std::string effective_yaml(const Scenario& scenario) {
  using topology::to_text;
  using topology::yaml_name;
  const Collective& workload = scenario.workload;

  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "name: {}\ndescription: {}\nseed: {}\n", yaml_name(scenario.name),
                 topology::yaml_quoted(scenario.description), scenario.seed);
  fmt::format_to(out, "workload:\n{}  congestion_control: {}\n  ecn: {}\n",
                 scenario.flows.list.empty()
                     ? collective_text(scenario)
                     : "  kind: flows\n" + effective_yaml(scenario.flows, scenario.topology),
                 topology::yaml_quoted(workload.congestion_control), workload.ecn);
  fmt::format_to(out, "trust:\n  lateness_p99: {}\n  lateness_invalid: {}\n",
                 to_text(scenario.trust.lateness_p99), to_text(scenario.trust.lateness_invalid));
  fmt::format_to(out, "  shadow_age_p99: {}\n  shadow_age_invalid: {}\n",
                 to_text(scenario.trust.shadow_age_p99), to_text(scenario.trust.shadow_age_invalid));
  if (scenario.probes.on) {
    fmt::format_to(out, "probes:\n  stamp_every: {}\n  burst_gap: {}\n", scenario.probes.stamp_every,
                   to_text(scenario.probes.burst_gap));
  } else {
    text += "probes: off\n";
  }
  std::vector<std::string> inline_links;
  for (const std::size_t link : scenario.coupling.inline_links)
    inline_links.push_back(yaml_name(scenario.topology.links[link].name));
  fmt::format_to(out,
                 "coupling:\n  interval: {}\n  slow_down: {}\n  real_flows: {}\n  inline: [{}]\n  hold: {}\n "
                 " pcap: {}\n",
                 to_text(scenario.coupling.interval),
                 scenario.coupling.slow_down == 0 ? "auto" : std::to_string(scenario.coupling.slow_down),
                 scenario.coupling.real_flows, fmt::join(inline_links, ", "), to_text(scenario.coupling.hold),
                 scenario.coupling.pcap);
  if (!scenario.background.empty()) text += "background:\n";
  for (const traffic::Background& one : scenario.background) {
    const std::vector<topology::Site>& sites = scenario.topology.sites;
    fmt::format_to(out, "  - {{ name: {}, from: {}, to: {}, {}", yaml_name(one.name),
                   yaml_name(sites[one.from].name), yaml_name(sites[one.to].name), traffic_text(one.source));
    if (one.traffic_class != traffic::kOwnClass) fmt::format_to(out, ", class: {}", one.traffic_class);
    text += " }\n";
  }
  text += "topology:\n";
  std::istringstream lines(topology::effective_yaml(scenario.topology));
  for (std::string line; std::getline(lines, line);) fmt::format_to(out, "  {}\n", line);
  return text;
}

}  // namespace longhaul::scenario
