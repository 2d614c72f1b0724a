// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/dot.h"

#include <fmt/format.h>

#include <variant>
#include <vector>

#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::size_t kMostListed = 4;  // hosts of a site that are named

// Three places at most: 6.63 ms.
std::string short_time(Duration time) {
  if (time >= Duration::seconds(1)) return fmt::format("{:.3g} s", time.to_seconds());
  if (time >= Duration::milliseconds(1)) return fmt::format("{:.3g} ms", time.to_seconds() * 1e3);
  if (time >= Duration::microseconds(1)) return fmt::format("{:.3g} us", time.to_seconds() * 1e6);
  return to_text(time);
}

std::string host_text(const Host& host) {
  return host.name + (host.rate == BitRate() ? "" : ", " + to_text(host.rate));
}

std::string site_label(const Topology& topology, std::size_t site) {
  std::vector<std::string> hosts;
  for (const Host& host : topology.hosts) {
    if (host.site == site) hosts.push_back(host_text(host));
  }
  std::string label = topology.sites[site].name;
  if (hosts.size() > kMostListed) return label + fmt::format("\\n{} hosts", hosts.size());
  for (const std::string& host : hosts) label += "\\n" + host;
  return label;
}

std::string direction_label(const core::LinkConfig& config) {
  std::string label = fmt::format("{}, {}", to_text(config.rate), short_time(config.delay));
  const auto* loss = std::get_if<core::loss::Bernoulli>(&config.loss.model);
  if (loss == nullptr) return label + "\\nloss in bursts or by pattern";
  return label + (loss->probability > 0 ? "\\nloss " + to_text(loss->probability) : "");
}

std::string link_label(const Link& link) {
  const std::string forward = direction_label(link.directions[kForward]);
  const std::string reverse = direction_label(link.directions[kReverse]);
  std::string label = link.name + "\\n";
  label += forward == reverse ? forward : fmt::format("forward {}\\nreverse {}", forward, reverse);
  return label + (link.cost == 1 ? "" : fmt::format("\\ncost {}", link.cost));
}

}  // namespace

std::string to_dot(const Topology& topology) {
  std::string text = fmt::format("graph \"{}\" {{\n  node [shape=box];\n", topology.name);
  for (std::size_t i = 0; i < topology.sites.size(); ++i) {
    text += fmt::format("  \"{}\" [label=\"{}\"];\n", topology.sites[i].name, site_label(topology, i));
  }
  for (const Link& link : topology.links) {
    text += fmt::format("  \"{}\" -- \"{}\" [label=\"{}\"];\n", topology.sites[link.between[0]].name,
                        topology.sites[link.between[1]].name, link_label(link));
  }
  return text + "}\n";
}

}  // namespace longhaul::topology
