// SPDX-License-Identifier: GPL-2.0-only
//
// One host of a topology file. A part of topologies/load.h; every failure is a ConfigError.
#pragma once

#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// Reads a host; the sites of `topology` are known, and the hosts before this one.
Host read_host(const YamlValue& value, const Topology& topology);

}  // namespace longhaul::topology
