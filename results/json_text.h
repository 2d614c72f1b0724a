// SPDX-License-Identifier: GPL-2.0-only
//
// JSON values as the text of a file, and what several writers of JSON have in common.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "results/run_record.h"

namespace longhaul::results {

// Indented by two, ending in a newline; never throws on bytes that are not UTF-8.
std::string to_text(const nlohmann::ordered_json& json);

// {"verdict": "VALID", "reasons": [...]}
nlohmann::ordered_json to_json(const Judgement& judgement);

nlohmann::ordered_json to_json(const core::Tally& tally);

// What a link counted, as it stands in a direction of summary.json and of `longhaul show`; without classes
// and pauses.
nlohmann::ordered_json to_json(const core::LinkCounters& counters);

// What the frames of a direction met at one of its hooks, and what the program counted.
nlohmann::ordered_json to_json(const HookResult& hook);

// {"count": 2, "first": [{"at_s": 1.5, "text": "wan: rate 100 Mbit/s"}, ...]}
nlohmann::ordered_json to_json(const LiveChanges& changes);

}  // namespace longhaul::results
