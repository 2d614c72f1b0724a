// SPDX-License-Identifier: GPL-2.0-only
//
// What background traffic left of its links, as it stands in summary.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "results/background_record.h"

namespace longhaul::results {

nlohmann::ordered_json to_json(const BackgroundResult& background);
nlohmann::ordered_json to_json(const InlineResult& links);

}  // namespace longhaul::results
