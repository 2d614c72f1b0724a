// SPDX-License-Identifier: GPL-2.0-only
//
// What the probes at the hosts saw (flow_record.h) as it stands in summary.json; the flows themselves are in
// flows.csv.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "results/flow_record.h"

namespace longhaul::results {

nlohmann::ordered_json to_json(const HostProbesResult& probes);

// Of one size of a collective.
nlohmann::ordered_json to_json(const SizeTraffic& traffic);

}  // namespace longhaul::results
