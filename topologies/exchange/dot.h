// SPDX-License-Identifier: GPL-2.0-only
//
// A topology as a graph in the language of Graphviz (graphviz.org/doc/info/lang.html), for `dot`, `neato` and
// their kin to draw: sites as boxes with their hosts, links as edges with rate, delay, loss and cost. The
// same topology gives the same text. Pure function.
#pragma once

#include <string>

#include "topologies/model.h"

namespace longhaul::topology {

std::string to_dot(const Topology& topology);

}  // namespace longhaul::topology
