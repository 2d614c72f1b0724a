// SPDX-License-Identifier: GPL-2.0-only
//
// collectives.json in the schema of nccl-tests, file version 2: its keys, its order and its habits (booleans
// as strings, `root` as it is printed). Where there is no NCCL or GPU behind a key it holds what is true
// here: nccl_version 0, an empty environment, one device 0 without a PCI address per rank.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "results/files.h"
#include "results/json_text.h"
#include "results/statistics.h"
#include "results/time_text.h"

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

const char* as_string(bool value) {
  return value ? "true" : "false";
}

// Sizes that do not grow by one factor are given as step_bytes, 0 when they do not grow by one step either.
std::pair<const char*, std::uint64_t> step_of(const std::vector<std::uint64_t>& sizes) {
  if (sizes.size() < 2 || sizes[0] == 0 || sizes[1] <= sizes[0]) return {"step_bytes", 0};
  const std::uint64_t factor = sizes[1] / sizes[0];
  const std::uint64_t step = sizes[1] - sizes[0];
  bool by_factor = factor > 1;
  bool by_step = true;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    by_factor = by_factor && sizes[i] == sizes[i - 1] * factor;
    by_step = by_step && sizes[i] == sizes[i - 1] + step;
  }
  if (by_factor) return {"step_factor", factor};
  return {"step_bytes", by_step ? step : 0};
}

Json devices_json(const RunRecord& record) {
  Json devices = Json::array();
  for (std::size_t rank = 0; rank < record.rank_processes.size(); ++rank) {
    const RankResult& process = record.rank_processes[rank];
    devices.push_back({{"rank", rank},
                       {"group", 0},
                       {"pid", process.pid},
                       {"hostname", process.host},
                       {"device", 0},
                       {"device_hex", ""},
                       {"device_info", process.device_info}});
  }
  return devices;
}

Json config_json(const RunRecord& record) {
  std::vector<std::uint64_t> sizes = record.planned_sizes;
  if (sizes.empty()) {
    for (const CollectiveResult& result : record.collectives) sizes.push_back(result.size_bytes);
  }
  const auto [step_key, step] = step_of(sizes);
  const bool validated = std::any_of(record.collectives.begin(), record.collectives.end(),
                                     [](const CollectiveResult& r) { return r.checked_iterations > 0; });
  return {{"nthreads", 1},
          {"ngpus", 1},
          {"minimum_bytes", sizes.empty() ? 0 : *std::min_element(sizes.begin(), sizes.end())},
          {"maximum_bytes", sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end())},
          {step_key, step},
          {"warmup_iters", record.warmup},
          {"iterations", record.iterations},
          {"aggregated_iterations", 1},
          {"validation", validated ? 1 : 0},
          {"graph", 0},
          {"blocking_collectives", as_string(false)},
          {"per_iter_timing", as_string(true)},
          {"parallel_init", as_string(false)},
          {"devices", devices_json(record)}};
}

Json result_json(const CollectiveResult& result, const std::string& experiment) {
  const Spread times = spread(result.times_us);
  const bool checked = result.checked_iterations > 0;
  return {{"size", result.size_bytes},
          {"count", result.count},
          {"type", result.type},
          {"redop", result.op},
          {"root", fmt::format("{:6}", result.root)},
          {"out_of_place",
           {{"time", result.time_us},
            {"alg_bw", result.algbw_gbps},
            {"bus_bw", result.busbw_gbps},
            {"nwrong", checked ? Json(result.wrong) : Json(nullptr)}}},
          {"out_of_place_per_iter",
           {{"min_us", times.min},
            {"max_us", times.max},
            {"avg_us", times.mean},
            {"p50_us", times.p50},
            {"p95_us", times.p95},
            {"p99_us", times.p99},
            {"stdev_us", times.stdev},
            {"cv_pct", times.cv_percent},
            {"times_us", result.times_us}}},
          {"in_place", nullptr},
          {"actual_iterations", result.iterations},
          {"experiment_name", experiment}};
}

}  // namespace

std::string collectives_json(const RunRecord& record) {
  const CalendarTime start = parse_iso8601_utc(record.started_utc);
  const CalendarTime end = start + std::chrono::duration_cast<CalendarTime::duration>(
                                       std::chrono::duration<double>(record.elapsed_s));
  Json results = Json::array();
  for (const CollectiveResult& result : record.collectives) {
    results.push_back(result_json(result, record.collective));
  }
  const std::uint64_t wrong = wrong_in_all(record);
  return to_text({{"version", kNcclTestsFormat},
                  {"start_time", nccl_tests_time(start)},
                  {"args", record.command_line},
                  {"env", Json::array()},
                  {"nccl_version", 0},
                  {"config", config_json(record)},
                  {"results", results},
                  {"out_of_bounds", {{"count", wrong}, {"okay", as_string(wrong == 0)}}},
                  {"average_bus_bandwidth", {{"bandwidth", average_busbw(record)}, {"okay", "unchecked"}}},
                  {"errors", Json::array()},
                  {"end_time", nccl_tests_time(end)}});
}

}  // namespace longhaul::results
