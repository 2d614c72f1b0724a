// SPDX-License-Identifier: GPL-2.0-only
#include "results/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "results/files.h"
#include "results/json_text.h"
#include "results/statistics.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

// The result of a size, or nullptr where that run has none.
const CollectiveResult* result_of(const RunRecord& record, std::uint64_t size) {
  const auto found = std::find_if(record.collectives.begin(), record.collectives.end(),
                                  [&](const CollectiveResult& result) { return result.size_bytes == size; });
  return found == record.collectives.end() ? nullptr : &*found;
}

const DirectionResult* same_direction(const RunRecord& record, const DirectionResult& other) {
  const auto found =
      std::find_if(record.directions.begin(), record.directions.end(), [&](const DirectionResult& direction) {
        return direction.link == other.link && direction.from == other.from && direction.to == other.to;
      });
  return found == record.directions.end() ? nullptr : &*found;
}

struct Pair {  // of one size
  std::uint64_t size = 0;
  const CollectiveResult* emulated = nullptr;
  const CollectiveResult* simulated = nullptr;

  // The predictions are the same for both.
  double prediction(double CollectiveResult::*figure) const {
    return emulated != nullptr ? emulated->*figure : simulated != nullptr ? simulated->*figure : 0;
  }
  std::optional<double> residual() const {
    if (emulated == nullptr || simulated == nullptr) return std::nullopt;
    return residual_percent(emulated->time_us, simulated->time_us);
  }
};

std::vector<Pair> pairs_of(const Comparison& runs) {
  std::vector<Pair> pairs;
  for (const std::uint64_t size : runs.emulated.planned_sizes)
    pairs.push_back({size, result_of(runs.emulated, size), result_of(runs.simulated, size)});
  return pairs;
}

std::string percent_text(const std::optional<double>& percent) {
  return percent ? fmt::format("{:+.1f}", *percent) : "-";
}

std::string time_text(const CollectiveResult* result) {
  return result != nullptr ? fmt::format("{:.1f}", result->time_us) : "-";
}

std::string heading(const Comparison& runs) {
  const RunRecord& record = runs.emulated;
  std::string text = wrap(fmt::format("# longhaul {} revision {}", record.version, record.revision), 0);
  text +=
      wrap(fmt::format("# Run {}, seed {}, emulated in {:.1f} s, then simulated: {:.1f} s of virtual time",
                       record.name, record.seed, record.elapsed_s, runs.simulated.elapsed_s),
           0);
  return text + fmt::format("# Collective test: {}{}{}, {} ranks, warmup iters: {} iters: {}\n#\n",
                            record.collective, record.algorithm.empty() ? "" : " ", record.algorithm,
                            record.ranks, record.warmup, record.iterations);
}

std::string collectives_text(const Comparison& runs) {
  TextGrid grid({{"size", "(B)"},
                 {"emulated", "(us)"},
                 {"simulated", "(us)"},
                 {"residual", "(%)"},
                 {"closed form", "(us)"},
                 {"emulated", "(%)"},
                 {"simulated", "(%)"},
                 {"schedule", "(us)"},
                 {"emulated", "(%)"},
                 {"simulated", "(%)"}});
  for (const Pair& pair : pairs_of(runs)) {
    std::vector<std::string> cells{fmt::format("{}", pair.size), time_text(pair.emulated),
                                   time_text(pair.simulated), percent_text(pair.residual())};
    for (const auto figure : {&CollectiveResult::predicted_us, &CollectiveResult::scheduled_us}) {
      const double predicted = pair.prediction(figure);
      cells.push_back(predicted > 0 ? fmt::format("{:.1f}", predicted) : "-");
      for (const CollectiveResult* result : {pair.emulated, pair.simulated}) {
        cells.push_back(result != nullptr ? percent_text(residual_percent(result->time_us, predicted)) : "-");
      }
    }
    grid.add(std::move(cells));
  }
  return "# Emulated beside simulated (residual: of the two; then each prediction, the schedule's being "
         "Gloo's own)\n" +
         grid.text() + busy_hosts_text(runs.emulated);
}

std::uint64_t marked_frames(const core::LinkCounters& counters) {
  std::uint64_t frames = 0;
  for (const core::Tally& cause : counters.marked) frames += cause.frames;
  return frames;
}

std::vector<std::string> link_cells(const char* run, const core::LinkCounters& counters) {
  return {run,
          fmt::format("{}", counters.in.frames),
          fmt::format("{}", counters.in.bytes),
          fmt::format("{}", counters.out.frames),
          fmt::format("{}", counters.dropped_in_all().frames),
          fmt::format("{}", marked_frames(counters)),
          fmt::format("{}", counters.queue_peak_bytes),
          counters.conserved() ? "yes" : "NO"};
}

std::vector<std::string> difference_cells(const core::LinkCounters& emulated,
                                          const core::LinkCounters& simulated) {
  const auto percent = [](std::uint64_t measured, std::uint64_t other) {
    return percent_text(residual_percent(static_cast<double>(measured), static_cast<double>(other)));
  };
  return {"  residual (%)",
          percent(emulated.in.frames, simulated.in.frames),
          percent(emulated.in.bytes, simulated.in.bytes),
          percent(emulated.out.frames, simulated.out.frames),
          percent(emulated.dropped_in_all().frames, simulated.dropped_in_all().frames),
          percent(marked_frames(emulated), marked_frames(simulated)),
          percent(emulated.queue_peak_bytes, simulated.queue_peak_bytes)};
}

std::string links_text(const Comparison& runs) {
  TextGrid grid({{"", "", Align::kLeft},
                 {"in", "(frames)"},
                 {"in", "(bytes)"},
                 {"out", "(frames)"},
                 {"dropped", "(frames)"},
                 {"marked", "(frames)"},
                 {"queue peak", "(bytes)"},
                 {"conserved", ""}});
  for (const DirectionResult& emulated : runs.emulated.directions) {
    const DirectionResult* simulated = same_direction(runs.simulated, emulated);
    grid.add_line(fit(path_name(emulated), kTextWidth - 2));
    grid.add(link_cells("  emulated", emulated.counters));
    if (simulated == nullptr) continue;
    grid.add(link_cells("  simulated", simulated->counters));
    grid.add(difference_cells(emulated.counters, simulated->counters));
    for (std::size_t i = 0; i < core::kDropCauses; ++i) {
      const std::uint64_t here = emulated.counters.dropped[i].frames;
      const std::uint64_t there = simulated->counters.dropped[i].frames;
      if (here == 0 && there == 0) continue;
      grid.add_line(fmt::format("  dropped by {}: {} frames emulated, {} simulated",
                                core::name(static_cast<core::DropCause>(i)), here, there));
    }
  }
  return "# Links, by direction (L2 bytes)\n" + grid.text();
}

template <typename Figure>
Json known(const std::optional<Figure>& figure) {
  return figure ? Json(*figure) : Json(nullptr);
}

Json side_json(const CollectiveResult* result) {
  if (result == nullptr) return nullptr;
  return {{"time_us", result->time_us},
          {"cv_percent", spread(result->times_us).cv_percent},
          {"wrong", result->wrong},
          {"predicted_residual_percent", known(residual_percent(result->time_us, result->predicted_us))},
          {"scheduled_residual_percent", known(residual_percent(result->time_us, result->scheduled_us))},
          {"host_cpus_busy", known(result->host_cpus_busy)}};
}

Json pair_json(const Pair& pair) {
  const auto predicted = [&](double CollectiveResult::*figure) {
    const double value = pair.prediction(figure);
    return value > 0 ? Json(value) : Json(nullptr);
  };
  return {{"size_bytes", pair.size},
          {"predicted_us", predicted(&CollectiveResult::predicted_us)},
          {"scheduled_us", predicted(&CollectiveResult::scheduled_us)},
          {"emulated", side_json(pair.emulated)},
          {"simulated", side_json(pair.simulated)},
          {"residual_percent", known(pair.residual())}};
}

Json run_json(const RunRecord& record, const char* directory) {
  return {{"directory", directory},
          {"judgement", to_json(record.judgement)},
          {"started_utc", record.started_utc},
          {"elapsed_s", record.elapsed_s}};
}

// What of a link is worth comparing; all of it is in the runs' own summary.json.
Json link_json(const core::LinkCounters& counters) {
  Json causes = Json::array();
  for (std::size_t i = 0; i < core::kDropCauses; ++i) {
    if (counters.dropped[i].frames == 0) continue;
    causes.push_back({{"cause", core::name(static_cast<core::DropCause>(i))}});
    causes.back().update(to_json(counters.dropped[i]));
  }
  return {{"in", to_json(counters.in)},
          {"out", to_json(counters.out)},
          {"dropped", to_json(counters.dropped_in_all())},
          {"dropped_by", causes},
          {"frames_marked", marked_frames(counters)},
          {"queue_peak_bytes", counters.queue_peak_bytes},
          {"conserved", counters.conserved()}};
}

Json directions_json(const Comparison& runs) {
  Json list = Json::array();
  for (const DirectionResult& emulated : runs.emulated.directions) {
    const DirectionResult* simulated = same_direction(runs.simulated, emulated);
    list.push_back({{"link", emulated.link},
                    {"from", emulated.from},
                    {"to", emulated.to},
                    {"emulated", link_json(emulated.counters)},
                    {"simulated", simulated != nullptr ? link_json(simulated->counters) : Json(nullptr)}});
  }
  return list;
}

}  // namespace

Judgement judge_both(const Comparison& runs) {
  const Verdict emulated = runs.emulated.judgement.verdict, simulated = runs.simulated.judgement.verdict;
  return {
      std::max(emulated, simulated),
      {fmt::format("emulated: {}, simulated: {}; the worse of the two", name(emulated), name(simulated))}};
}

std::string comparison_text(const Comparison& runs, Colour colour) {
  return heading(runs) + collectives_text(runs) + "#\n" + links_text(runs) + "#\n# Emulated\n" +
         verdict_text(runs.emulated.judgement, colour) + "#\n# Simulated\n" +
         verdict_text(runs.simulated.judgement, colour) + "#\n# Both\n" +
         verdict_text(judge_both(runs), colour);
}

std::string comparison_json(const Comparison& runs) {
  Json collectives = Json::array();
  for (const Pair& pair : pairs_of(runs)) collectives.push_back(pair_json(pair));
  const RunRecord& record = runs.emulated;
  return to_text({{"format", kFormat},
                  {"name", record.name},
                  {"judgement", to_json(judge_both(runs))},
                  {"longhaul", {{"version", record.version}, {"revision", record.revision}}},
                  {"command_line", record.command_line},
                  {"seed", record.seed},
                  {"ranks", record.ranks},
                  {"collective", record.collective},
                  {"algorithm", record.algorithm},
                  {"emulate", run_json(runs.emulated, "emulate")},
                  {"simulate", run_json(runs.simulated, "simulate")},
                  {"collectives", collectives},
                  {"directions", directions_json(runs)}});
}

}  // namespace longhaul::results
