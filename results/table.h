// SPDX-License-Identifier: GPL-2.0-only
//
// What a person sees at the end of a run: the collectives in the layout of nccl-tests with the closed form
// and its residual, then both predictions side by side, path probes, links, traffic classes, what the hosts
// saw, release lateness, lcores, ports, switches and the verdict. What is rare has a line only where it
// happened. At most kTextWidth columns as long as byte counts stay below 1e14. Prints nothing itself.
#pragma once

#include <string>

#include "results/run_record.h"

namespace longhaul::results {

enum class Colour : std::uint8_t { kNever, kVerdict };  // kVerdict: the verdict word in ANSI colours

// All tables in the order above and then the verdict.
std::string report_text(const RunRecord& record, Colour colour);

// The parts of report_text(); each ends in a newline.
std::string collectives_table(const RunRecord& record);  // the heading alone of a workload of flows
std::string predictions_table(const RunRecord& record);  // empty of a workload of flows
std::string probes_table(const RunRecord& record);
std::string links_table(const RunRecord& record);
std::string hooks_table(const RunRecord& record);        // empty when there are none
std::string background_table(const RunRecord& record);   // empty when there was none
std::string inline_table(const RunRecord& record);       // empty when there were none
std::string classes_table(const RunRecord& record);      // empty when no link has more than one
std::string host_probes_table(const RunRecord& record);  // empty when they saw nothing
std::string lateness_table(const RunRecord& record);
std::string lcores_table(const RunRecord& record);  // empty when nothing was recorded of them
std::string ports_table(const RunRecord& record);
std::string switches_table(const RunRecord& record);
std::string live_changes_table(const RunRecord& record);  // empty when there were none
std::string decisions_text(const RunRecord& record);      // empty when they were not logged
std::string verdict_text(const Judgement& judgement, Colour colour);

}  // namespace longhaul::results
