// SPDX-License-Identifier: GPL-2.0-only
//
// A made-up run that could have happened: four hosts at two sites 1,353 km apart, 1 Gbit/s, ring all-reduce
// at three sizes, VALID. Every test of results/ that needs a whole record starts from it.
#pragma once

#include "results/run_record.h"

namespace longhaul::results::testing {

RunRecord sample_record();

// The same with a second direction that has two classes, marks, copies, corrupts, reorders and pauses, and
// with a log of decisions. VALID as well.
RunRecord eventful_record();
// What the second of them has of background traffic.
BackgroundResult sample_background();

// Gives it what probes at the hosts saw: a flow at both of its ends.
void add_host_probes(RunRecord& record);

}  // namespace longhaul::results::testing
