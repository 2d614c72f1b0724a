// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <iterator>
#include <sstream>

#include "scenarios/load.h"
#include "topologies/load.h"
#include "topologies/quantity.h"
#include "topologies/yaml_text.h"

namespace longhaul::scenario {

std::string effective_yaml(const Scenario& scenario) {
  using topology::to_text;
  using topology::yaml_name;
  const AllReduce& workload = scenario.workload;
  const auto append = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  std::string sizes, ranks;
  for (const Bytes size : workload.sizes) append(sizes, to_text(size));
  for (const std::size_t host : workload.ranks) append(ranks, yaml_name(scenario.topology.hosts[host].name));

  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "name: {}\ndescription: {}\nseed: {}\n", yaml_name(scenario.name),
                 topology::yaml_quoted(scenario.description), scenario.seed);
  fmt::format_to(out, "workload:\n  kind: allreduce\n  algorithm: {}\n  sizes: [{}]\n",
                 workload.algorithm == Algorithm::kRing ? "ring" : "halving-doubling", sizes);
  fmt::format_to(out, "  warmup: {}\n  iterations: {}\n  ranks: [{}]\n  congestion_control: {}\n  ecn: {}\n",
                 workload.warmup, workload.iterations, ranks,
                 topology::yaml_quoted(workload.congestion_control), workload.ecn);
  fmt::format_to(out, "trust:\n  lateness_p99: {}\n  lateness_invalid: {}\n",
                 to_text(scenario.trust.lateness_p99), to_text(scenario.trust.lateness_invalid));
  if (scenario.probes.on) {
    fmt::format_to(out, "probes:\n  stamp_every: {}\n  burst_gap: {}\n", scenario.probes.stamp_every,
                   to_text(scenario.probes.burst_gap));
  } else {
    text += "probes: off\n";
  }
  text += "topology:\n";
  std::istringstream lines(topology::effective_yaml(scenario.topology));
  for (std::string line; std::getline(lines, line);) fmt::format_to(out, "  {}\n", line);
  return text;
}

}  // namespace longhaul::scenario
