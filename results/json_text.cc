// SPDX-License-Identifier: GPL-2.0-only
#include "results/json_text.h"

#include <nlohmann/json.hpp>

namespace longhaul::results {

std::string to_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

nlohmann::ordered_json to_json(const Judgement& judgement) {
  return {{"verdict", name(judgement.verdict)}, {"reasons", judgement.reasons}};
}

}  // namespace longhaul::results
