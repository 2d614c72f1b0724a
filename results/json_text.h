// SPDX-License-Identifier: GPL-2.0-only
//
// JSON values as the text of a file, for the writers of results/ only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "results/run_record.h"

namespace longhaul::results {

// Indented by two, ending in a newline; never throws on bytes that are not UTF-8.
std::string to_text(const nlohmann::ordered_json& json);

// {"verdict": "VALID", "reasons": [...]}
nlohmann::ordered_json to_json(const Judgement& judgement);

// {"count": 2, "first": [{"at_s": 1.5, "text": "wan: rate 100 Mbit/s"}, ...]}
nlohmann::ordered_json to_json(const LiveChanges& changes);

}  // namespace longhaul::results
