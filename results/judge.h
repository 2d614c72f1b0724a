// SPDX-License-Identifier: GPL-2.0-only
//
// How far a run can be trusted. The rules look at the emulator's own error only: lost or early frames,
// counters that do not add up, late releases, wrong sums, missing results, frames that came to a host too
// early. A result far from its prediction
// is not a reason, it is a finding. A check that was never made counts against the run, not for it.
// What was late, or lost, is explained by what came between the data plane and its CPU.
#pragma once

#include "emulator/core/units.h"
#include "results/run_record.h"

namespace longhaul::results {

// No defaults: the scenario says them.
struct Bounds {
  Duration lateness_p99;        // P99 above: DEGRADED
  Duration lateness_invalid;    // P99 above: INVALID
  Duration background_age_p99;  // the same of the age of what was said of background traffic
  Duration background_age_invalid;
};

// The verdict on `record` (its own judgement is not looked at). Not VALID: the reasons are all faults found,
// the INVALID ones first. VALID: they say what was checked, with the figures.
Judgement judge(const RunRecord& record, const Bounds& bounds);

}  // namespace longhaul::results
