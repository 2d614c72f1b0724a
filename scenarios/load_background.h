// SPDX-License-Identifier: GPL-2.0-only
//
// The keys `background` (what others send over the topology's links) and `coupling` (how its model and the
// data plane run together) of a scenario. Throws topology::ConfigError.
#pragma once

#include <vector>

#include "scenarios/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {

std::vector<traffic::Background> read_background(const topology::YamlValue& value,
                                                 const topology::Topology& topology);

// `background`: what read_background() made of the same file.
Coupling read_coupling(const topology::YamlValue& value, const topology::Topology& topology,
                       const std::vector<traffic::Background>& background);

}  // namespace longhaul::scenario
