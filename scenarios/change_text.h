// SPDX-License-Identifier: GPL-2.0-only
//
// A change of a link in words, the same wherever one is told of: `longhaul check`, answers to `longhaul set`,
// the record of a run. Pure.
#pragma once

#include <string>

#include "emulator/core/timeline.h"

namespace longhaul::scenario {

// "rate 100 Mbit/s, delay 6 ms"; empty for a change of nothing.
std::string change_text(const core::Change& change);

}  // namespace longhaul::scenario
