// SPDX-License-Identifier: GPL-2.0-only
//
// What `longhaul check` says about links that do more than delay: the numbers that follow from losses,
// jitter, queues, priority flow control and the timeline, and a WARNING for what cannot work as written.
// Comment lines; nothing for a plain link. A part of check_report.h. Pure.
#pragma once

#include <string>

#include "topologies/model.h"

namespace longhaul::scenario {

std::string link_text(const topology::Topology& topology);

}  // namespace longhaul::scenario
