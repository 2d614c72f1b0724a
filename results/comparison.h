// SPDX-License-Identifier: GPL-2.0-only
//
// One scenario run twice, emulated in real time and simulated in virtual time, side by side: collectives with
// both predictions and residuals, what the links counted, verdicts. As text for a terminal and as
// comparison.json (results/schemas/comparison.schema.json). The two records are of the same scenario and
// seed. Judges nothing but by the verdicts of the two runs: how far they may differ is for the reader, who
// has the residuals. A residual of the two is (emulated - simulated) / simulated, in percent. Pure.
#pragma once

#include <string>

#include "results/run_record.h"
#include "results/table.h"

namespace longhaul::results {

struct Comparison {
  RunRecord emulated, simulated;
};

// The worse of the two verdicts, and which run has which.
Judgement judge_both(const Comparison& runs);

// All tables and then the three verdicts, the whole's last; at most kTextWidth columns as long as byte counts
// stay below 1e14.
std::string comparison_text(const Comparison& runs, Colour colour);

// The text of comparison.json. The runs' directories are emulate/ and simulate/ beside it.
std::string comparison_json(const Comparison& runs);

}  // namespace longhaul::results
