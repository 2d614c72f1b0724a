// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "results/background_json.h"
#include "results/files.h"
#include "results/flow_json.h"
#include "results/json_text.h"
#include "results/statistics.h"

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

template <typename Items, typename Convert>
Json list_of(const Items& items, Convert&& convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

template <typename Figure>
Json known(const std::optional<Figure>& figure) {
  return figure ? Json(*figure) : Json(nullptr);
}

Json probe_json(const PathProbe& probe) {
  const auto measured = [&](double ms) { return probe.received > 0 ? Json(ms) : Json(nullptr); };
  return {{"from", probe.from},
          {"to", probe.to},
          {"sent", probe.sent},
          {"received", probe.received},
          {"expected_ms", probe.expected_ms},
          {"min_ms", measured(probe.min_ms)},
          {"avg_ms", measured(probe.avg_ms)},
          {"max_ms", measured(probe.max_ms)},
          {"min_less_expected_ms", measured(probe.min_ms - probe.expected_ms)}};
}

Json collective_json(const CollectiveResult& result) {
  const std::optional<double> residual = residual_percent(result.time_us, result.predicted_us);
  const std::optional<double> scheduled = residual_percent(result.time_us, result.scheduled_us);
  const Spread times = spread(result.times_us);
  return {{"size_bytes", result.size_bytes},
          {"count", result.count},
          {"type", result.type},
          {"redop", result.op},
          {"iterations", result.iterations},
          {"time_us", result.time_us},
          {"predicted_us", residual ? Json(result.predicted_us) : Json(nullptr)},
          {"residual_percent", known(residual)},
          {"scheduled_us", scheduled ? Json(result.scheduled_us) : Json(nullptr)},
          {"scheduled_residual_percent", known(scheduled)},
          {"algbw_GBps", result.algbw_gbps},
          {"busbw_GBps", result.busbw_gbps},
          {"slowest_rank_us",
           {{"min", times.min},
            {"p50", times.p50},
            {"p99", times.p99},
            {"max", times.max},
            {"cv_percent", times.cv_percent}}},
          {"wrong", result.wrong},
          {"checked_iterations", result.checked_iterations},
          {"host_cpus_busy", known(result.host_cpus_busy)},
          {"traffic", result.traffic ? to_json(*result.traffic) : Json(nullptr)}};
}

Json pause_json(const core::PauseCounters& pause) {
  return {{"xoff_sent", pause.xoff_sent},
          {"xon_sent", pause.xon_sent},
          {"lost", pause.lost},
          {"storms", pause.storms},
          {"far_peak_bytes", pause.far_peak_bytes}};
}

Json class_json(const core::ClassCounters& counters) {
  return {{"in", to_json(counters.in)},
          {"dropped", to_json(counters.dropped)},
          {"frames_marked", counters.marked},
          {"queue_bytes", counters.queue_bytes},
          {"paused_s", counters.paused.to_seconds()}};
}

Json lateness_json(const Lateness& lateness) {
  return {{"frames", lateness.frames}, {"early", lateness.early},     {"p50_ns", lateness.p50_ns},
          {"p99_ns", lateness.p99_ns}, {"p999_ns", lateness.p999_ns}, {"max_ns", lateness.max_ns}};
}

Json direction_json(const DirectionResult& direction) {
  const core::LinkCounters& counters = direction.counters;
  Json json{{"link", direction.link}, {"from", direction.from}, {"to", direction.to}};
  json.update(to_json(counters));
  json.update({{"pause", pause_json(counters.pause)},
               {"classes", list_of(std::span(counters.classes).first(direction.classes), class_json)},
               {"lateness", lateness_json(direction.lateness)},
               {"entered_late", {{"frames", direction.entered_late}, {"max_ns", direction.latest_entry_ns}}},
               {"hooks", list_of(direction.hooks, [](const HookResult& hook) { return to_json(hook); })}});
  return json;
}

Json port_json(const PortResult& port) {
  return {{"host", port.host},
          {"device", port.device},
          {"rx", {{"frames", port.rx_frames}, {"bytes", port.rx_bytes}}},
          {"tx", {{"frames", port.tx_frames}, {"bytes", port.tx_bytes}}},
          {"pause_frames", port.pause_frames},
          {"gone", port.gone},
          {"losses", list_of(port.losses,
                             [](const auto& loss) {
                               return Json{{"place", loss.first}, {"frames", loss.second}};
                             })},
          {"steering", list_of(port.steering, [](const auto& steered) {
             return Json{{"outcome", steered.first}, {"frames", steered.second}};
           })}};
}

Json switch_json(const SwitchResult& result) {
  return {{"site", result.site},
          {"forwarded", result.forwarded},
          {"flooded", result.flooded},
          {"filtered", result.filtered},
          {"storm_limited", result.storm_limited}};
}

Json loop_json(const LoopResult& loop) {
  return {{"cpu", loop.cpu},
          {"elapsed_ms", loop.elapsed_ms},
          {"cpu_ms", loop.cpu_ms},
          {"slept_ms", loop.slept_ms},
          {"away_ms", loop.away_ms()},
          {"busiest_second_percent", 100 * loop.busiest},
          {"turns", loop.turns},
          {"longest_turn_us", loop.longest_turn_us},
          {"gaps", loop.gaps},
          {"gap_ms", loop.gap_ms},
          {"sleep_overrun_ms", loop.sleep_overrun_ms},
          {"steal_ms", known(loop.steal_ms)},
          {"softirq_ms", known(loop.softirq_ms)},
          {"irq_ms", known(loop.irq_ms)},
          {"run_delay_ms", known(loop.run_delay_ms)},
          {"involuntary_switches", known(loop.involuntary_switches)}};
}

Json decisions_json(const std::optional<DecisionsResult>& decisions) {
  if (!decisions) return nullptr;
  return {{"written", decisions->written}, {"lost", decisions->lost}};
}

}  // namespace

std::string summary_json(const RunRecord& record) {
  const bool conserved =
      std::all_of(record.directions.begin(), record.directions.end(), [](const DirectionResult& d) {
        return d.counters.conserved() && std::all_of(d.hooks.begin(), d.hooks.end(), [](const HookResult& h) {
                 return h.counters.conserved();
               });
      });
  return to_text({{"format", kFormat},
                  {"name", record.name},
                  {"judgement", to_json(record.judgement)},
                  {"started_utc", record.started_utc},
                  {"elapsed_s", record.elapsed_s},
                  {"seed", record.seed},
                  {"ranks", record.ranks},
                  {"collective", record.collective},
                  {"algorithm", record.algorithm},
                  {"average_busbw_GBps", average_busbw(record)},
                  {"conserved", conserved},
                  {"samples_lost", record.samples_lost},
                  {"decisions", decisions_json(record.decisions)},
                  {"unwritten", record.unwritten},
                  {"live_changes", to_json(record.live_changes)},
                  {"background", record.background ? to_json(*record.background) : Json(nullptr)},
                  {"inline", record.inline_links ? to_json(*record.inline_links) : Json(nullptr)},
                  {"probes", list_of(record.probes, probe_json)},
                  {"host_probes", to_json(record.host_probes)},
                  {"collectives", list_of(record.collectives, collective_json)},
                  {"directions", list_of(record.directions, direction_json)},
                  {"ports", list_of(record.ports, port_json)},
                  {"switches", list_of(record.switches, switch_json)},
                  {"lcores", list_of(record.loops, loop_json)}});
}

}  // namespace longhaul::results
