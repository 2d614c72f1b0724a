// SPDX-License-Identifier: GPL-2.0-only
//
// The `links` section of a topology file. A part of topologies/load.h, apart because links have most of the
// rules: values for both directions, values for one, and a delay that may be given in three ways.
#pragma once

#include <vector>

#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// The index of the site that `value` names; throws ConfigError when there is none.
std::size_t site_index(const YamlValue& value, const Topology& topology);

// Reads a rate within the limits of a topology. Throws ConfigError.
BitRate read_rate(const YamlValue& value);

// Reads all links; `topology` has its sites and mtu already. Throws ConfigError.
std::vector<Link> read_links(const YamlValue& section, const Topology& topology);

}  // namespace longhaul::topology
