// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <stdexcept>

#include "scenarios/simulate/simulated_hooks.h"

namespace longhaul::scenario {

struct SimulatedHooks::Parts {};

SimulatedHooks::SimulatedHooks(const Scenario& scenario, const wide::Network&, const std::filesystem::path&) {
  for (const topology::Link& link : scenario.topology.links) {
    for (const auto& hooks : link.hooks) {
      if (hooks.empty()) continue;
      throw std::runtime_error(
          fmt::format("cannot simulate link {}: it has a hook, and this longhaul was built without DPDK; "
                      "leave the hook out, or build longhaul again where libdpdk is installed",
                      link.name));
    }
  }
}

SimulatedHooks::~SimulatedHooks() = default;

std::vector<results::HookResult> SimulatedHooks::results(std::size_t, topology::Direction) const {
  return {};
}

}  // namespace longhaul::scenario
