// SPDX-License-Identifier: GPL-2.0-only
//
// What the probes at the hosts say about the emulator, for judge.h: a frame that arrived before its links
// could have carried it means that their delays are wrong, whatever the emulator says of itself. Pure.
#pragma once

#include <string>
#include <vector>

#include "results/run_record.h"

namespace longhaul::results {

struct DelayFindings {
  std::vector<std::string> invalid;  // faults
  std::vector<std::string> noted;    // no faults, but to be said
  std::vector<std::string> checked;  // what was found right
};

// Delays are compared only where nobody changed a link while the run lasted.
DelayFindings check_one_way_delays(const RunRecord& record);

}  // namespace longhaul::results
