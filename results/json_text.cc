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

nlohmann::ordered_json to_json(const core::Tally& tally) {
  return {{"frames", tally.frames}, {"bytes", tally.bytes}};
}

nlohmann::ordered_json to_json(const core::LinkCounters& counters) {
  auto dropped = nlohmann::ordered_json::object(), marked = dropped;
  for (std::size_t i = 0; i < core::kDropCauses; ++i) {
    dropped[std::string(core::name(static_cast<core::DropCause>(i)))] = to_json(counters.dropped[i]);
  }
  for (std::size_t i = 0; i < core::kMarkCauses; ++i) {
    marked[std::string(core::name(static_cast<core::MarkCause>(i)))] = to_json(counters.marked[i]);
  }
  return {{"in", to_json(counters.in)},
          {"out", to_json(counters.out)},
          {"dropped", dropped},
          {"held", to_json(counters.held)},
          {"conserved", counters.conserved()},
          {"queue_bytes", counters.queue_bytes},
          {"queue_peak_bytes", counters.queue_peak_bytes},
          {"duplicated", to_json(counters.duplicated)},
          {"marked", marked},
          {"corrupted", to_json(counters.corrupted)},
          {"frames_reordered", counters.reordered}};
}

nlohmann::ordered_json to_json(const HookResult& hook) {
  const core::HookCounters& counters = hook.counters;
  auto dropped = nlohmann::ordered_json::array();
  for (const core::Tally& cause : counters.dropped) dropped.push_back(to_json(cause));
  return {{"place", hook.place},
          {"program", hook.program},
          {"met", to_json(counters.met)},
          {"passed", to_json(counters.passed)},
          {"duplicated", to_json(counters.duplicated)},
          {"held", to_json(counters.held)},
          {"dropped_by_cause", dropped},
          {"conserved", counters.conserved()},
          {"frames_marked", counters.marked},
          {"frames_ecn_set", counters.ecn_set},
          {"frames_corrupted", counters.corrupted},
          {"frames_delayed", counters.delayed},
          {"frames_classified", counters.classified},
          {"frames_captured", counters.captured},
          {"delays_cut", counters.delays_cut},
          {"not_held", counters.not_held},
          {"counted", hook.counted}};
}

nlohmann::ordered_json to_json(const LiveChanges& changes) {
  nlohmann::ordered_json first = nlohmann::ordered_json::array();
  for (const LiveChanges::Change& change : changes.first) {
    first.push_back({{"at_s", change.at_s}, {"text", change.text}});
  }
  return {{"count", changes.count}, {"first", first}};
}

}  // namespace longhaul::results
