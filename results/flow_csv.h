// SPDX-License-Identifier: GPL-2.0-only
//
// flows.csv: one row for each flow, host and direction (flow_record.h; columns in docs/probes.md). Fields
// that do not apply are empty: what TCP says stands only where the flow was sent. One thread.
#pragma once

#include <filesystem>
#include <vector>

#include "results/flow_record.h"

namespace longhaul::results {

// Writes the whole file. Throws std::runtime_error with path and reason.
void write_flow_csv(const std::filesystem::path& path, const std::vector<FlowResult>& flows);

}  // namespace longhaul::results
