// SPDX-License-Identifier: GPL-2.0-only
//
// Overhead, line and trace of an effective topology, in the form that reads back to the same values: what
// load_line.h reads. Long lists are one text on one line. A part of effective_yaml() (topologies/load.h).
#pragma once

#include <string>
#include <string_view>

#include "topologies/model.h"

namespace longhaul::topology {

// What happens on the line of one direction, each line behind `indent`; effects that are not there are
// left out.
std::string effective_line(const core::LinkConfig& config, std::string_view indent);

}  // namespace longhaul::topology
