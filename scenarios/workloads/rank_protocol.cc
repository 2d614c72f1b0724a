// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_protocol.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace longhaul::scenario {
namespace {

using nlohmann::json;

constexpr std::array kPhases{Phase::kWarmup, Phase::kTimed, Phase::kCheck};

json as_json(const RankReady&) {
  return {{"event", "ready"}};
}
json as_json(const RankDone&) {
  return {{"event", "done"}};
}
json as_json(const RankError& error) {
  return {{"event", "error"}, {"what", error.what}};
}
json as_json(const RankProgress& progress) {
  return {{"event", "progress"},
          {"size", progress.size_bytes},
          {"phase", name_of(progress.phase)},
          {"iteration", progress.iteration},
          {"of", progress.of}};
}
json as_json(const RankSize& size) {
  return {{"event", "size"},       {"size", size.size_bytes}, {"start_ns", size.start_ns},
          {"end_ns", size.end_ns}, {"wrong", size.wrong},     {"checked", size.checked}};
}

// json::get<unsigned>() turns -1 into 2^64 - 1 without a word, so signs and ranges are checked here.
std::uint64_t whole_number(const json& value, const char* key, std::uint64_t largest) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > largest) {
    throw std::runtime_error(fmt::format("{} must be a whole number from 0 to {}", key, largest));
  }
  return value.get<std::uint64_t>();
}

std::uint64_t count_at(const json& object, const char* key) {
  return whole_number(object.at(key), key, std::numeric_limits<std::uint64_t>::max());
}

std::uint32_t iteration_at(const json& object, const char* key) {
  return static_cast<std::uint32_t>(
      whole_number(object.at(key), key, std::numeric_limits<std::uint32_t>::max()));
}

std::vector<std::int64_t> times_at(const json& object, const char* key) {
  const json& list = object.at(key);
  if (!list.is_array()) throw std::runtime_error(fmt::format("{} must be a list", key));
  std::vector<std::int64_t> times;
  times.reserve(list.size());
  for (const json& time : list) {
    times.push_back(
        static_cast<std::int64_t>(whole_number(time, key, std::numeric_limits<std::int64_t>::max())));
  }
  return times;
}

Phase phase_at(const json& object) {
  const auto name = object.at("phase").get<std::string>();
  for (const Phase phase : kPhases) {
    if (name == name_of(phase)) return phase;
  }
  throw std::runtime_error("phase must be warmup, timed or check");
}

RankReport from_json(const json& object) {
  const auto event = object.at("event").get<std::string>();
  if (event == "ready") return RankReady{};
  if (event == "done") return RankDone{};
  if (event == "error") return RankError{object.at("what").get<std::string>()};
  if (event == "progress") {
    return RankProgress{count_at(object, "size"), phase_at(object), iteration_at(object, "iteration"),
                        iteration_at(object, "of")};
  }
  if (event == "size") {
    return RankSize{count_at(object, "size"), times_at(object, "start_ns"), times_at(object, "end_ns"),
                    count_at(object, "wrong"), count_at(object, "checked")};
  }
  throw std::runtime_error("event must be ready, progress, size, done or error");
}

}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::kWarmup:
      return "warmup";
    case Phase::kTimed:
      return "timed";
    case Phase::kCheck:
      return "check";
  }
  return "?";
}

std::string to_line(const RankReport& report) {
  const json object = std::visit([](const auto& alternative) { return as_json(alternative); }, report);
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

RankReport parse_report(std::string_view line) {
  try {
    return from_json(json::parse(line));
  } catch (const std::exception& error) {
    constexpr std::size_t kShown = 120;  // a size report can be long
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    throw std::runtime_error(fmt::format("malformed report \"{}{}\": {}", line.substr(0, kShown),
                                         line.size() > kShown ? "..." : "", error.what()));
  }
}

}  // namespace longhaul::scenario
