// SPDX-License-Identifier: GPL-2.0-only
//
// Which lcore of the data plane owns which site, and how much memory that takes: worked out from the topology
// alone, so that `longhaul check` can show it before anything stands. Pure but for available_memory(), any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "topologies/model.h"

namespace longhaul::scenario {

// The lcore of each site, 0 .. lcores - 1. A site goes where the file says (`lcore:`); the others, the
// busiest first, go to the lcore with the least to do so far (Graham 1969), where a site's work is what its
// hosts and links can send and receive at full rate. Throws std::runtime_error when the file names an lcore
// that there is not.
std::vector<std::size_t> place_sites(const topology::Topology& topology, std::size_t lcores);

// The data plane that a topology asks for, on lcores pinned to these CPUs. Ports of namespace hosts are left
// without a device.
dataplane::EngineConfig engine_config(const topology::Topology& topology, std::uint64_t seed,
                                      const std::vector<unsigned>& cpus);

// Why no machine can emulate this topology, in one line that says what is allowed; empty when one could.
std::string cannot_emulate(const topology::Topology& topology);

// What the data plane reserves, link by link, as lines for people: "wan a -> b: 400 Gbit/s x 5 ms + ...". Of
// many links the first ones.
std::string memory_text(const topology::Topology& topology, const dataplane::EngineConfig& config);

// Makes a configuration fit into `available` bytes by giving up what it could do without (buffers to hold
// large frames in). Throws std::runtime_error with the arithmetic when even that is too much.
void fit_into_memory(const topology::Topology& topology, std::uint64_t available,
                     dataplane::EngineConfig& config);

// For `longhaul check`, as comment lines: which lcore owns which sites and how much they ask of it, the
// memory, and for each direction the largest delay at its full rate for which `available` bytes are enough.
std::string placement_text(const topology::Topology& topology, const std::vector<unsigned>& cpus,
                           std::uint64_t available);

}  // namespace longhaul::scenario
