// SPDX-License-Identifier: GPL-2.0-only
//
// What a simulated run can be trusted in. It has no emulator that could be late or lose a frame, and no data
// whose sums could be wrong; so VALID says that the simulation came to its end and that its links account for
// every frame, not that a real network would do the same. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "results/run_record.h"

namespace longhaul::scenario {

struct LostElsewhere {         // frames, but on links
  std::uint64_t at_sites = 0;  // for no host
  std::uint64_t at_hosts = 0;  // no room in a host's own queue
};

// `failure`: why the workload did not come to its end; empty when it did.
results::Judgement judge_simulated(const results::RunRecord& record, const std::string& failure,
                                   const LostElsewhere& lost);

}  // namespace longhaul::scenario
