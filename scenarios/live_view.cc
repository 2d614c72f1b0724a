// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/live_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/json_text.h"

namespace longhaul::scenario {
namespace {

using Json = nlohmann::ordered_json;

Json settings_json(const LiveDirection& direction) {
  const core::LinkState& state = direction.now.state;
  return {{"rate_bps", state.rate.bps()},
          {"delay_ms", state.delay.to_seconds() * 1e3},
          {"loss", direction.loss ? Json(*direction.loss) : Json(nullptr)},
          {"buffer_bytes", state.buffer.count()},
          {"up", !state.dark},
          {"blackhole", state.blackhole}};
}

// What others leave of it: all of it where nobody is modelled.
Json background_json(const core::Background& background) {
  return {{"share_left", background.share_left},
          {"wait_us", background.wait.to_seconds() * 1e6},
          {"loss", background.loss},
          {"mark", background.mark}};
}

// Null before there is any.
Json lateness_json(const results::Lateness& lateness) {
  if (lateness.frames == 0) return nullptr;
  return {{"frames", lateness.frames},
          {"early", lateness.early},
          {"p50_us", static_cast<double>(lateness.p50_ns) / 1e3},
          {"p99_us", static_cast<double>(lateness.p99_ns) / 1e3},
          {"max_us", static_cast<double>(lateness.max_ns) / 1e3}};
}

template <typename Items, typename Convert>
Json list_of(const Items& items, Convert&& convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

Json direction_json(const LiveDirection& direction) {
  Json json{{"link", direction.link},
            {"direction", direction.direction},
            {"from", direction.from},
            {"to", direction.to}};
  json.update(results::to_json(direction.now.counters));
  json["dropped"]["hook"] = results::to_json(direction.now.hook_dropped());
  json.update({{"settings", settings_json(direction)},
               {"background", background_json(direction.now.state.background)},
               {"lateness", lateness_json(direction.now.lateness)},
               {"changes", direction.now.changes},
               {"hooks", list_of(direction.hooks, [](const auto& hook) { return results::to_json(hook); })},
               {"store_full", direction.now.store_full},
               {"handover_full", direction.now.handover_full},
               {"last_second",
                {{"in_bps", direction.in_bps},
                 {"out_bps", direction.out_bps},
                 {"load", direction.load()},
                 {"drops_per_s", direction.drops_per_s},
                 {"drop_cause", direction.drop_cause},
                 {"marks_per_s", direction.marks_per_s}}},
               {"fill", direction.fill()}});
  return json;
}

Json port_json(const LivePort& live) {
  Json losses = Json::object();
  for (const auto& [place, frames] : live.port.losses) losses[place] = frames;
  Json steering = Json::object();
  for (const auto& [outcome, frames] : live.port.steering) steering[outcome] = frames;
  return {
      {"host", live.port.host},         {"device", live.port.device},
      {"address", live.address},        {"rx_frames", live.port.rx_frames},
      {"rx_bytes", live.port.rx_bytes}, {"tx_frames", live.port.tx_frames},
      {"tx_bytes", live.port.tx_bytes}, {"pause_frames", live.port.pause_frames},
      {"gone", live.port.gone},         {"losses", losses},
      {"steering", steering},           {"last_second", {{"rx_bps", live.rx_bps}, {"tx_bps", live.tx_bps}}}};
}

Json lcore_json(const LiveLcore& lcore) {
  return {{"cpu", lcore.loop.cpu},
          {"turns", lcore.loop.turns},
          {"idle_sleeps", lcore.loop.idle_sleeps},
          {"longest_turn_us", lcore.loop.longest_turn.to_seconds() * 1e6},
          {"gaps", lcore.loop.gaps},
          {"gap_time_us", lcore.loop.gap_time.to_seconds() * 1e6},
          {"last_second",
           {{"turns_per_s", lcore.turns_per_s}, {"gaps_per_s", lcore.gaps_per_s}, {"busy", lcore.busy}}}};
}

}  // namespace

std::uint64_t LiveDirection::marked() const {
  std::uint64_t frames = 0;
  for (const core::Tally& cause : now.counters.marked) frames += cause.frames;
  return frames;
}

double LiveDirection::load() const {
  return now.state.rate == BitRate() ? 0 : in_bps / static_cast<double>(now.state.rate.bps());
}

double LiveDirection::fill() const {
  const auto room = static_cast<double>(now.state.buffer.count());
  return room == 0 ? 0 : static_cast<double>(now.counters.queue_bytes) / room;
}

std::uint64_t emulator_losses(const LiveView& view) {
  std::uint64_t frames = 0;
  for (const LivePort& port : view.ports) {
    for (const auto& [place, lost] : port.port.losses) {
      if (!only_at_rest(place)) frames += lost;
    }
  }
  for (const LiveDirection& direction : view.directions) {
    frames += direction.now.store_full + direction.now.handover_full;
  }
  return frames;
}

bool only_at_rest(const std::string& place) {
  return place.starts_with("unseen_");
}

Json to_json(const LiveView& view) {
  return {{"run", view.run},
          {"uptime_s", view.uptime.to_seconds()},
          {"directions", list_of(view.directions, direction_json)},
          {"ports", list_of(view.ports, port_json)},
          {"lcores", list_of(view.lcores, lcore_json)},
          {"samples_lost", view.samples_lost},
          {"live_changes", view.live_changes},
          {"emulator_losses", emulator_losses(view)},
          {"telemetry_socket", view.telemetry_socket}};
}

}  // namespace longhaul::scenario
