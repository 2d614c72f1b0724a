// SPDX-License-Identifier: GPL-2.0-only
//
// The sections queues, far_end, waves and timeline of an effective topology, in the form that reads back to
// the same values: what load_sections.h reads. A part of effective_yaml() (topologies/load.h).
#pragma once

#include <string>
#include <string_view>

#include "topologies/model.h"

namespace longhaul::topology {

// The sections of one direction that do something, each line behind `indent`; every parameter of a section is
// written out.
std::string effective_sections(const Link& link, Direction direction, Bytes largest_frame,
                               std::string_view indent);

}  // namespace longhaul::topology
