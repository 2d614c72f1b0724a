// SPDX-License-Identifier: GPL-2.0-only
#include "results/background_json.h"

#include <nlohmann/json.hpp>

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

Json delays_json(const Delays& delays) {
  return {{"count", delays.count},
          {"p50_ns", delays.p50_ns},
          {"p99_ns", delays.p99_ns},
          {"max_ns", delays.max_ns}};
}

Json direction_json(const BackgroundDirection& d) {
  return {{"link", d.link},
          {"from", d.from},
          {"to", d.to},
          {"frames",
           {{"in", d.in_frames},
            {"out", d.out_frames},
            {"dropped", d.dropped_frames},
            {"held", d.held_frames},
            {"marked", d.marked_frames}}},
          {"conserved", d.conserved()},
          {"carried", d.carried},
          {"real_load", d.real_load},
          {"share_left", {{"mean", d.mean_share_left}, {"least", d.least_share_left}}},
          {"wait_us", {{"mean", d.mean_wait_us}, {"most", d.most_wait_us}}},
          {"loss", d.loss},
          {"mark", d.mark}};
}

}  // namespace

Json to_json(const BackgroundResult& background) {
  Json directions = Json::array();
  for (const BackgroundDirection& direction : background.directions)
    directions.push_back(direction_json(direction));
  return {{"slow_down", background.slow_down},     {"interval_ms", background.interval_ms},
          {"events", background.events},           {"cpu_s", background.cpu_s},
          {"simulated_s", background.simulated_s}, {"age", delays_json(background.age)},
          {"lag", delays_json(background.lag)},    {"directions", std::move(directions)}};
}

Json to_json(const InlineResult& links) {
  return {{"links", links.links},           {"hold_ms", links.hold_ms},
          {"entered", links.entered},       {"delivered", links.delivered},
          {"copies", links.copies},         {"gone", links.gone},
          {"background", links.background}, {"events", links.events},
          {"cpu_s", links.cpu_s},           {"simulated_s", links.simulated_s},
          {"lag", delays_json(links.lag)}};
}

}  // namespace longhaul::results
