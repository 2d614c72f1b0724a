// SPDX-License-Identifier: GPL-2.0-only
//
// What `longhaul check` prints below the effective configuration: round trips, BDP, memory, the rate that one
// lcore can be expected to carry, and both predictions of the collectives. Comment lines, so that the whole
// output is still a YAML file. Pure.
#pragma once

#include <string>

#include "scenarios/model.h"
#include "topologies/model.h"

namespace longhaul::scenario {

std::string prediction_text(const topology::Topology& topology);
std::string prediction_text(const Scenario& scenario);

}  // namespace longhaul::scenario
