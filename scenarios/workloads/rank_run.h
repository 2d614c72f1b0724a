// SPDX-License-Identifier: GPL-2.0-only
//
// What one rank does once it is connected: per size checked warm-up iterations, timed iterations, a last
// checked one, with reports (rank_protocol.h) as it goes. The timed loop is that of nccl-tests: back to back,
// no barrier and no check inside, so a rank may be ahead of the others; only the clock is read, and at most
// every 200 ms a progress line of about 90 bytes is written between two iterations.
#pragma once

#include <functional>

#include "scenarios/workloads/rank_group.h"
#include "scenarios/workloads/rank_options.h"
#include "scenarios/workloads/rank_protocol.h"

namespace longhaul::scenario {

using ReportSink = std::function<void(const RankReport&)>;

// Runs all sizes and reports each, then that it is done; std::runtime_error says what was under way when it
// failed.
void run_rank(const RankOptions& options, RankGroup& group, const ReportSink& report);

}  // namespace longhaul::scenario
