// SPDX-License-Identifier: GPL-2.0-only
//
// A workload of flows, from a scenario file or a flow file of HPCC's simulator and its kin
// (topologies/exchange/flows.h), whose nodes are the hosts in the topology's order. Every failure is a
// topology::ConfigError.
#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {

// Of a workload's keys `duration`, `flows` and `file`.
Flows read_flows(const topology::YamlMap& workload, const topology::Topology& topology);

// The hosts that have a part in it, ascending.
std::vector<std::size_t> hosts_of(const Flows& flows);

// The same as YAML, indented for its place in a workload.
std::string effective_yaml(const Flows& flows, const topology::Topology& topology);

}  // namespace longhaul::scenario
