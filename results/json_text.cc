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

nlohmann::ordered_json to_json(const LiveChanges& changes) {
  nlohmann::ordered_json first = nlohmann::ordered_json::array();
  for (const LiveChanges::Change& change : changes.first) {
    first.push_back({{"at_s", change.at_s}, {"text", change.text}});
  }
  return {{"count", changes.count}, {"first", first}};
}

}  // namespace longhaul::results
