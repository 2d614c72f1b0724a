// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>

#include "emulator/core/link.h"
#include "nic/port.h"
#include "topologies/bounds.h"
#include "topologies/quantity.h"
#include "topologies/routes.h"

namespace longhaul::scenario {
namespace {

using topology::Topology;

std::uint32_t index_of(const topology::Hop& hop) {
  return static_cast<std::uint32_t>(2 * hop.link + hop.direction);
}

std::vector<std::vector<std::uint32_t>> indices_of(const std::vector<std::vector<topology::Hop>>& hops) {
  std::vector<std::vector<std::uint32_t>> indices;
  for (const auto& ways : hops) {
    indices.emplace_back();
    for (const topology::Hop& hop : ways) indices.back().push_back(index_of(hop));
  }
  return indices;
}

// Bits per second that pass through a site at most; a host without a rate counts as fast as its site's links.
std::vector<double> loads_of(const Topology& topology) {
  std::vector<double> loads(topology.sites.size());
  for (const topology::Link& link : topology.links) {
    for (const topology::Direction d : {topology::kForward, topology::kReverse}) {
      for (const std::size_t site : link.between)
        loads[site] += static_cast<double>(link.directions[d].rate.bps());
    }
  }
  for (const topology::Host& host : topology.hosts) loads[host.site] += static_cast<double>(host.rate.bps());
  return loads;
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

// Of an external host, with the filter of an interface that it shares (nic/xdp_port.h).
std::string device_of(const topology::Host& host) {
  return host.steer.empty() ? host.device
                            : fmt::format("{},steer={}", host.device, fmt::join(host.steer, "+"));
}

std::vector<dataplane::HookConfig> hooks_of(const std::vector<topology::Hook>& hooks) {
  using Place = topology::Hook::Place;
  std::vector<dataplane::HookConfig> configs;
  for (const topology::Hook& hook : hooks) {
    dataplane::HookConfig config{.file = hook.program,
                                 .program = hook.program,
                                 .at_ingress = hook.place != Place::kEgress,
                                 .at_egress = hook.place != Place::kIngress,
                                 .longest_delay = hook.longest_delay};
    for (const auto& [name, value] : hook.parameters) config.parameters.emplace_back(name, value);
    configs.push_back(std::move(config));
  }
  return configs;
}

}  // namespace

std::vector<std::size_t> place_sites(const Topology& topology, std::size_t lcores) {
  const std::vector<double> loads = loads_of(topology);
  std::vector<double> busy(lcores);
  std::vector<std::size_t> placed(topology.sites.size());
  std::vector<std::size_t> free;
  for (std::size_t s = 0; s < topology.sites.size(); ++s) {
    const std::optional<unsigned>& asked = topology.sites[s].lcore;
    if (!asked) {
      free.push_back(s);
      continue;
    }
    if (*asked >= lcores) {
      throw std::runtime_error(
          fmt::format("site {} is for lcore {}, but there {} {}; give more with --lcores",
                      topology.sites[s].name, *asked, lcores == 1 ? "is only" : "are only", lcores));
    }
    placed[s] = *asked;
    busy[*asked] += loads[s];
  }
  std::stable_sort(free.begin(), free.end(),
                   [&](std::size_t a, std::size_t b) { return loads[a] > loads[b]; });
  for (const std::size_t s : free) {
    placed[s] = static_cast<std::size_t>(std::min_element(busy.begin(), busy.end()) - busy.begin());
    busy[placed[s]] += loads[s];
  }
  return placed;
}

dataplane::EngineConfig engine_config(const Topology& topology, std::uint64_t seed,
                                      const std::vector<unsigned>& cpus) {
  dataplane::EngineConfig config;
  config.mtu = topology.mtu;
  config.largest_frame = topology.largest_frame();
  config.seed = seed;
  config.lcores = cpus;
  const topology::Routes routes = topology::routes_of(topology);
  const std::vector<std::size_t> lcores = place_sites(topology, cpus.size());
  for (std::size_t s = 0; s < topology.sites.size(); ++s) {
    dataplane::SiteConfig site{lcores[s], indices_of(routes.next_hops[s]), {}};
    std::vector<std::vector<topology::Hop>> trees;
    for (const auto& tree : routes.trees) trees.push_back(tree[s]);
    site.trees = indices_of(trees);
    config.sites.push_back(std::move(site));
  }
  for (const topology::Host& host : topology.hosts) {
    config.ports.push_back({host.name, device_of(host), host.site, host.vlan, host.mac});
  }
  for (std::uint32_t l = 0; l < topology.links.size(); ++l) {
    const topology::Link& link = topology.links[l];
    for (const std::uint32_t d : {std::uint32_t{topology::kForward}, std::uint32_t{topology::kReverse}}) {
      config.directions.push_back({.link = link.directions[d],
                                   .owner = {l, d},
                                   .from_site = link.between[d],
                                   .to_site = link.between[1 - d],
                                   .hooks = hooks_of(link.hooks[d]),
                                   .carries_pause = link.carries_pause});
    }
  }
  return config;
}

namespace {

constexpr std::size_t kMostListed = 64;  // directions in a report

std::span<const dataplane::DirectionConfig> listed(const dataplane::EngineConfig& config) {
  return std::span(config.directions).first(std::min(config.directions.size(), kMostListed));
}

std::string unlisted(const dataplane::EngineConfig& config) {
  if (config.directions.size() <= kMostListed) return {};
  return fmt::format("and {} directions more\n", config.directions.size() - kMostListed);
}

}  // namespace

std::string cannot_emulate(const Topology& topology) {
  constexpr std::size_t kAddresses = 254;  // of 10.71.0.0/24
  if (topology.hosts.size() <= kAddresses) return {};
  return fmt::format(
      "topology {} has {} hosts, allowed to emulate: up to {}, as 10.71.0.0/24 has no more addresses; take "
      "fewer, or run it with --mode simulate",
      topology.name, topology.hosts.size(), kAddresses);
}

std::string memory_text(const Topology& topology, const dataplane::EngineConfig& config) {
  std::string text;
  for (const dataplane::DirectionConfig& direction : listed(config)) {
    const core::Reserve most = core::most_of(direction.link);
    const core::LinkCapacity held = core::capacity_of(direction.link, config.largest_frame);
    text += fmt::format("{} {} -> {}: {} x {} + {} of buffer = {} in up to {} frames\n",
                        topology.links[direction.owner.link].name, topology.sites[direction.from_site].name,
                        topology.sites[direction.to_site].name, topology::to_text(most.rate),
                        topology::to_text(most.delay), topology::to_text(most.buffer), mebibytes(held.bytes),
                        held.frames);
  }
  text += unlisted(config);
  const dataplane::Engine::Memory memory = dataplane::Engine::memory_needed(config);
  return text +
         fmt::format(
             "in all {}: {} for copies of frames (each with its label, and a quarter more to move them "
             "in), {} for what links know of frames, {} of packet buffers\n",
             mebibytes(memory.all()), mebibytes(memory.in_flight), mebibytes(memory.links),
             mebibytes(memory.packet_buffers + memory.rings));
}

void fit_into_memory(const Topology& topology, std::uint64_t available, dataplane::EngineConfig& config) {
  if (dataplane::Engine::memory_needed(config).all() <= available) return;
  config.hold_memory = Bytes();
  const std::uint64_t needed = dataplane::Engine::memory_needed(config).all();
  if (needed <= available) return;
  std::string arithmetic = memory_text(topology, config);
  arithmetic.pop_back();
  for (std::size_t at = 0; (at = arithmetic.find('\n', at)) != std::string::npos;)
    arithmetic.replace(at, 1, "; ");
  throw std::runtime_error(fmt::format(
      "the data plane needs {} of memory and {} are available: {}. Take shorter or slower links, smaller "
      "buffers or a smaller reserve",
      mebibytes(needed), mebibytes(available), arithmetic));
}

namespace {

// By halving: memory grows with the delay, but not along a closed form. `all` is what the whole data plane
// takes; each direction adds its own part.
Duration largest_delay(const dataplane::EngineConfig& config, const dataplane::DirectionConfig& direction,
                       std::uint64_t all, std::uint64_t available) {
  dataplane::EngineConfig alone;
  alone.mtu = config.mtu;
  alone.largest_frame = config.largest_frame;
  alone.directions = {direction};
  const std::uint64_t others = all - dataplane::Engine::memory_needed(alone).all();
  const auto fits = [&](Duration delay) {
    alone.directions[0].link.delay = delay;
    return others + dataplane::Engine::memory_needed(alone).all() <= available;
  };
  if (fits(topology::limits::kLongestDelay)) return topology::limits::kLongestDelay;
  Duration least, most = topology::limits::kLongestDelay;
  while (most - least > Duration::microseconds(1)) {
    const Duration middle = least + Duration::picoseconds((most - least).ps() / 2);
    (fits(middle) ? least : most) = middle;
  }
  return least;
}

}  // namespace

std::string placement_text(const Topology& topology, const std::vector<unsigned>& cpus,
                           std::uint64_t available) {
  if (const std::string why = cannot_emulate(topology); !why.empty())
    return "#\n# Data plane\n# none: " + why + "\n";
  dataplane::EngineConfig config = engine_config(topology, 1, cpus);
  for (std::size_t p = 0; p < config.ports.size(); ++p) {
    if (topology.hosts[p].kind != topology::HostKind::kNetns) continue;
    config.ports[p].device = nic::device_for_interface("eth0", config.mtu, static_cast<unsigned>(p));
  }
  const std::vector<double> loads = loads_of(topology);
  std::string text = "#\n# Data plane\n";
  for (std::size_t l = 0; l < cpus.size(); ++l) {
    std::vector<std::string> names;
    double load = 0;
    for (std::size_t s = 0; s < topology.sites.size(); ++s) {
      if (config.sites[s].lcore != l) continue;
      names.push_back(topology.sites[s].name);
      load += loads[s];
    }
    text += fmt::format("# lcore {} on CPU {}: {}; their hosts and links at full rate: {:.1f} Gbit/s\n", l,
                        cpus[l], names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")),
                        load / 1e9);
  }
  std::string memory = memory_text(topology, config);
  for (std::size_t at = 0; (at = memory.find('\n', at)) != std::string::npos && at + 1 < memory.size();) {
    memory.insert(++at, "# ");
  }
  text += "# " + memory;
  config.hold_memory = Bytes();
  const std::uint64_t all = dataplane::Engine::memory_needed(config).all();
  for (const dataplane::DirectionConfig& direction : listed(config)) {
    const Duration delay = largest_delay(config, direction, all, available);
    text += fmt::format("# largest delay of {} {} -> {} at full rate in {} of memory: {}{}\n",
                        topology.links[direction.owner.link].name, topology.sites[direction.from_site].name,
                        topology.sites[direction.to_site].name, mebibytes(available),
                        delay == Duration() ? "none" : fmt::format("{:.1f} ms", delay.to_seconds() * 1e3),
                        delay == topology::limits::kLongestDelay ? " (the most that a file may say)" : "");
  }
  if (const std::string more = unlisted(config); !more.empty()) text += "# " + more;
  return text;
}

}  // namespace longhaul::scenario
