// SPDX-License-Identifier: GPL-2.0-only
//
// The least time that the links between two sites can take for a frame, by the configuration alone: over
// whichever of the ways of least cost, at whatever time, with luck in everything that is drawn at random.
// Only propagation counts: neither queueing nor the time on the serialisers. Pure, any thread.
#pragma once

#include <cstddef>

#include "emulator/core/link_config.h"
#include "topologies/model.h"

namespace longhaul::scenario {

// Of one direction of a link: the shortest delay that it is configured with or its timeline gives it, with
// the least that jitter, drift and the skew of its waves make of it; never below zero.
Duration least_delay(const core::LinkConfig& link);

// Of the way from one site to another; zero within a site. Changes made live are not known here.
Duration least_delay(const topology::Topology& topology, std::size_t from_site, std::size_t to_site);

}  // namespace longhaul::scenario
