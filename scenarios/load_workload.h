// SPDX-License-Identifier: GPL-2.0-only
//
// The workload of a scenario file (format: scenarios/scenario.schema.json). Every failure is a
// topology::ConfigError. Pure.
#pragma once

#include "scenarios/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {

// Into `scenario`, whose topology is there.
void read_workload(const topology::YamlValue& value, Scenario& scenario);

// The index of a host of kind netns, by its name.
std::size_t netns_host(const topology::YamlValue& value, const topology::Topology& topology);

}  // namespace longhaul::scenario
