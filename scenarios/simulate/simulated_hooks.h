// SPDX-License-Identifier: GPL-2.0-only
//
// The programs that a topology puts on its links, on simulated ones: the same files, seed and frames give the
// fates of the data plane. Their variables and maps are of this process, where nobody else can see or change
// them. A frame is of the VLAN of the host whose address it comes from. One thread.
//
// In a build without the data plane there are no hooks, and a link that asks for one is refused.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "results/run_record.h"
#include "scenarios/model.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

class SimulatedHooks {
 public:
  // Before the first frame; `shipped` holds the hooks that longhaul brings. `scenario` outlives it, and it
  // outlives the last frame of `network`. Throws std::runtime_error in one line: what of which hook.
  SimulatedHooks(const Scenario& scenario, const wide::Network& network,
                 const std::filesystem::path& shipped);
  ~SimulatedHooks();

  // What they counted on a direction of a link.
  std::vector<results::HookResult> results(std::size_t link, topology::Direction direction) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longhaul::scenario
