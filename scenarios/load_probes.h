// SPDX-License-Identifier: GPL-2.0-only
//
// The key `probes` of a scenario: on, off, or a mapping of what to change. Throws topology::ConfigError.
#pragma once

#include "scenarios/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {

Probes read_probes(const topology::YamlValue& value);

}  // namespace longhaul::scenario
