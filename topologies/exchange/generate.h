// SPDX-License-Identifier: GPL-2.0-only
//
// Topologies of a regular shape, by kind and parameters. A site has one switch and nothing inside it, so
// every switch of a fabric is a site, and a node with several interfaces is a site with one host. The same
// kind and parameters give the same file. Sizes are bounded by what a topology may hold
// (topologies/bounds.h). Throws ConfigError, which names the parameter and what is allowed. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"

namespace longhaul::topology {

struct Generated {
  Topology topology;
  std::string yaml;  // loads to `topology`
};

// Each setting is `PARAMETER=VALUE`; what is not set has its default.
Generated generate(std::string_view kind, const std::vector<std::string>& settings);

// The kinds with their parameters, defaults and ranges, in lines.
std::string generators_text();

}  // namespace longhaul::topology
