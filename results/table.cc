// SPDX-License-Identifier: GPL-2.0-only
#include "results/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/statistics.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {
namespace {

// nccl-tests keeps two decimals, which would leave one digit of the 0.1 GB/s of a 1 Gbit/s link.
std::string bandwidth(double gbps) {
  return number(gbps, 6, gbps < 1 ? 4 : 2);
}

std::string heading(const RunRecord& record) {
  std::string text = wrap(fmt::format("# longhaul {} revision {}", record.version, record.revision), 0);
  text += wrap(fmt::format("# Run {}, seed {}, started {}, took {:.1f} s", record.name, record.seed,
                           record.started_utc, record.elapsed_s),
               0);
  if (is_of_flows(record)) return text;
  text += fmt::format("# Collective test: {}{}{}, {} ranks, warmup iters: {} iters: {}\n#\n",
                      record.collective, record.algorithm.empty() ? "" : " ", record.algorithm, record.ranks,
                      record.warmup, record.iterations);
  for (std::size_t rank = 0; rank < record.rank_processes.size(); ++rank) {
    const RankResult& process = record.rank_processes[rank];
    text += fmt::format("#  Rank {:2} Group {:2} Pid {:6} on {:>10} {}\n", rank, 0, process.pid,
                        fit(process.host, kNameWidth), fit(process.device_info, kPathWidth));
  }
  return text;
}

std::string collective_row(const CollectiveResult& result) {
  const std::optional<double> residual = residual_percent(result.time_us, result.predicted_us);
  return fmt::format("{:12}  {:12}  {:>8}  {:>6}  {:6}  {}  {}  {}  {:6g}  {}  {:>8}\n", result.size_bytes,
                     result.count, result.type, result.op, result.root, number(result.time_us, 7, 2),
                     bandwidth(result.algbw_gbps), bandwidth(result.busbw_gbps),
                     static_cast<double>(result.wrong),
                     residual ? number(result.predicted_us, 9, 2) : fmt::format("{:>9}", "-"),
                     residual ? fmt::format("{:+.1f}", *residual) : "-");
}

// Drop causes that every link has get columns; the others a line where they happened.
constexpr std::size_t kCausesInColumns = 2;

std::string tally_text(std::string_view what, const core::Tally& tally) {
  return fmt::format("{}: {} frames, {} bytes", what, tally.frames, tally.bytes);
}

// What most links never do: one line each, where it happened.
std::vector<std::string> unusual_lines(const core::LinkCounters& counters) {
  std::vector<std::string> lines;
  const auto add = [&](std::string_view what, std::string_view cause, const core::Tally& tally) {
    if (tally.frames != 0) lines.push_back(tally_text(fmt::format("{}{}", what, cause), tally));
  };
  for (std::size_t i = kCausesInColumns; i < core::kDropCauses; ++i) {
    add("dropped by ", name(static_cast<core::DropCause>(i)), counters.dropped[i]);
  }
  for (std::size_t i = 0; i < core::kMarkCauses; ++i) {
    add("marked by ", name(static_cast<core::MarkCause>(i)), counters.marked[i]);
  }
  add("duplicated", "", counters.duplicated);
  add("corrupted", "", counters.corrupted);
  if (counters.reordered != 0) lines.push_back(fmt::format("reordered: {} frames", counters.reordered));
  const core::PauseCounters& pause = counters.pause;
  if (pause != core::PauseCounters{}) {
    lines.push_back(fmt::format("pause: {} XOFF, {} XON, {} lost, {} storms, far peak {} bytes",
                                pause.xoff_sent, pause.xon_sent, pause.lost, pause.storms,
                                pause.far_peak_bytes));
  }
  return lines;
}

}  // namespace

std::string collectives_table(const RunRecord& record) {
  constexpr const char* kHeader =
      "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}  {:>9}  {:>8}\n";
  if (is_of_flows(record)) return heading(record);
  std::string text = heading(record) + "#\n";
  text += fmt::format(fmt::runtime(kHeader), "size", "count", "type", "redop", "root", "time", "algbw",
                      "busbw", "#wrong", "predicted", "residual");
  text += fmt::format(fmt::runtime(kHeader), "(B)", "(elements)", "", "", "", "(us)", "(GB/s)", "(GB/s)", "",
                      "(us)", "(%)");
  for (const CollectiveResult& result : record.collectives) text += collective_row(result);
  const std::uint64_t wrong = wrong_in_all(record);
  text += fmt::format("# {:<20} : {} {}\n", "Out of bounds values", wrong, wrong == 0 ? "OK" : "FAILED");
  text += fmt::format("# {:<20} : {:g}\n", "Avg bus bandwidth", average_busbw(record));
  return text;
}

std::string predictions_table(const RunRecord& record) {
  if (is_of_flows(record)) return "";
  const bool has_host_cpus =
      std::any_of(record.collectives.begin(), record.collectives.end(),
                  [](const CollectiveResult& result) { return result.host_cpus_busy.has_value(); });
  std::vector<Column> columns{{"size", "(B)"},     {"measured", "(us)"},        {"closed form", "(us)"},
                              {"residual", "(%)"}, {"Gloo's schedule", "(us)"}, {"residual", "(%)"}};
  if (has_host_cpus) columns.push_back({"hosts' CPUs", "busy (%)"});
  TextGrid grid(columns);
  for (const CollectiveResult& result : record.collectives) {
    std::vector<std::string> cells{fmt::format("{}", result.size_bytes),
                                   fmt::format("{:.1f}", result.time_us)};
    for (const double predicted_us : {result.predicted_us, result.scheduled_us}) {
      const std::optional<double> residual = residual_percent(result.time_us, predicted_us);
      cells.push_back(residual ? fmt::format("{:.1f}", predicted_us) : "-");
      cells.push_back(residual ? fmt::format("{:+.1f}", *residual) : "-");
    }
    if (has_host_cpus)
      cells.push_back(result.host_cpus_busy ? fmt::format("{:.0f}", *result.host_cpus_busy * 100) : "-");
    grid.add(std::move(cells));
  }
  return "# Predictions (closed form: lock step without handshakes; Gloo's schedule: with them)\n" +
         grid.text() + busy_hosts_text(record);
}

std::string busy_hosts_text(const RunRecord& record) {
  constexpr double kNoneToSpare = 0.9;
  std::vector<std::string> sizes;
  for (const CollectiveResult& result : record.collectives) {
    if (result.host_cpus_busy >= kNoneToSpare) sizes.push_back(fmt::format("{} B", result.size_bytes));
  }
  if (sizes.empty()) return "";
  return wrap(
      fmt::format("# At {} the hosts' CPUs were busy for {:.0f} % or more: they may set the pace, not the "
                  "links",
                  fmt::join(sizes, ", "), kNoneToSpare * 100),
      0);
}

std::string probes_table(const RunRecord& record) {
  TextGrid grid({{"from", "", Align::kLeft},
                 {"to", "", Align::kLeft},
                 {"RTT expected", "(ms)"},
                 {"min", "(ms)"},
                 {"avg", "(ms)"},
                 {"max", "(ms)"},
                 {"received/sent", ""},
                 {"min - expected", "(ms)"}});
  for (const PathProbe& probe : record.probes) {
    const auto measured = [&](double ms) { return probe.received > 0 ? fmt::format("{:.3f}", ms) : "-"; };
    grid.add({fit(probe.from, kNameWidth / 2 + 2), fit(probe.to, kNameWidth / 2 + 2),
              fmt::format("{:.3f}", probe.expected_ms), measured(probe.min_ms), measured(probe.avg_ms),
              measured(probe.max_ms), fmt::format("{}/{}", probe.received, probe.sent),
              probe.received > 0 ? fmt::format("{:+.3f}", probe.min_ms - probe.expected_ms) : "-"});
  }
  return "# Path probes (ping before the workload)\n" + grid.text();
}

std::string links_table(const RunRecord& record) {
  std::vector<Column> columns{{"", "", Align::kLeft}, {"in", ""}, {"out", ""}};
  for (std::size_t i = 0; i < kCausesInColumns; ++i) {
    columns.push_back({std::string(name(static_cast<core::DropCause>(i))), "dropped"});
  }
  columns.insert(columns.end(), {{"held", ""}, {"queue peak", ""}, {"conserved", ""}});
  TextGrid grid(columns);
  for (const DirectionResult& direction : record.directions) {
    const core::LinkCounters& counters = direction.counters;
    const auto row = [&](const char* unit, std::uint64_t core::Tally::*figure) {
      std::vector<std::string> cells{unit, fmt::format("{}", counters.in.*figure),
                                     fmt::format("{}", counters.out.*figure)};
      for (std::size_t i = 0; i < kCausesInColumns; ++i)
        cells.push_back(fmt::format("{}", counters.dropped[i].*figure));
      cells.push_back(fmt::format("{}", counters.held.*figure));
      return cells;
    };
    grid.add_line(fit(path_name(direction), kTextWidth - 2));
    std::vector<std::string> frames = row("  frames", &core::Tally::frames);
    frames.insert(frames.end(), {"", counters.conserved() ? "yes" : "NO"});
    grid.add(std::move(frames));
    std::vector<std::string> bytes = row("  bytes", &core::Tally::bytes);
    bytes.push_back(fmt::format("{}", counters.queue_peak_bytes));
    grid.add(std::move(bytes));
    for (const std::string& line : unusual_lines(counters)) grid.add_line("  " + line);
  }
  return "# Links, by direction (L2 bytes)\n" + grid.text();
}

std::string hooks_table(const RunRecord& record) {
  TextGrid grid({{"", "", Align::kLeft},
                 {"met", ""},
                 {"passed", ""},
                 {"dropped", ""},
                 {"delayed", ""},
                 {"marked", ""},
                 {"duplicated", ""},
                 {"held", ""},
                 {"conserved", ""}});
  bool any = false;
  for (const DirectionResult& direction : record.directions) {
    for (const HookResult& hook : direction.hooks) {
      any = true;
      const core::HookCounters& counters = hook.counters;
      grid.add_line(
          fit(fmt::format("{}, {}: {}", path_name(direction), hook.place, hook.program), kTextWidth - 2));
      grid.add({"  frames", fmt::format("{}", counters.met.frames), fmt::format("{}", counters.passed.frames),
                fmt::format("{}", counters.dropped_in_all().frames), fmt::format("{}", counters.delayed),
                fmt::format("{}", counters.marked), fmt::format("{}", counters.duplicated.frames),
                fmt::format("{}", counters.held.frames), counters.conserved() ? "yes" : "NO"});
      for (std::size_t cause = 0; cause < core::kHookCauses; ++cause) {
        if (counters.dropped[cause].frames == 0) continue;
        grid.add_line("  " + tally_text(fmt::format("dropped by cause {}", cause), counters.dropped[cause]));
      }
      for (std::size_t i = 0; i < hook.counted.size(); ++i) {
        if (hook.counted[i] != 0) grid.add_line(fmt::format("  counter {}: {}", i, hook.counted[i]));
      }
    }
  }
  return any ? "# Hooks, by direction and place\n" + grid.text() : "";
}

std::string classes_table(const RunRecord& record) {
  TextGrid grid({{"class", ""},
                 {"in", "(frames)"},
                 {"in", "(bytes)"},
                 {"dropped", "(frames)"},
                 {"dropped", "(bytes)"},
                 {"marked", "(frames)"},
                 {"paused", "(ms)"}});
  bool any = false;
  for (const DirectionResult& direction : record.directions) {
    if (direction.classes == 1) continue;
    any = true;
    grid.add_line(fit(path_name(direction), kTextWidth - 2));
    for (std::size_t c = 0; c < direction.classes; ++c) {
      const core::ClassCounters& counters = direction.counters.classes[c];
      grid.add({fmt::format("{}", c), fmt::format("{}", counters.in.frames),
                fmt::format("{}", counters.in.bytes), fmt::format("{}", counters.dropped.frames),
                fmt::format("{}", counters.dropped.bytes), fmt::format("{}", counters.marked),
                fmt::format("{:.3f}", counters.paused.to_seconds() * 1e3)});
    }
  }
  return any ? "# Traffic classes, by direction\n" + grid.text() : "";
}

std::string live_changes_table(const RunRecord& record) {
  constexpr std::size_t kMostShown = 20;
  const LiveChanges& changes = record.live_changes;
  if (changes.count == 0) return "";
  std::string text = "# Live changes\n";
  const std::size_t shown = std::min(changes.first.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) {
    text += wrap(fmt::format("t = {:.6f} s: {}", changes.first[i].at_s, changes.first[i].text), 2);
  }
  if (changes.count > shown) text += fmt::format("  and {} more\n", changes.count - shown);
  return text;
}

std::string decisions_text(const RunRecord& record) {
  if (!record.decisions) return "";
  return fmt::format("# Decisions in decisions.csv: {}, missing: {}\n", record.decisions->written,
                     record.decisions->lost);
}

std::string verdict_text(const Judgement& judgement, Colour colour) {
  constexpr std::string_view kAnsi[] = {"\033[32m", "\033[33m", "\033[31m"};  // by Verdict
  const bool coloured = colour == Colour::kVerdict;
  std::string text =
      fmt::format("VERDICT: {}{}{}\n", coloured ? kAnsi[static_cast<std::size_t>(judgement.verdict)] : "",
                  name(judgement.verdict), coloured ? "\033[0m" : "");
  for (const std::string& reason : judgement.reasons) text += wrap(reason, 2);
  return text;
}

std::string report_text(const RunRecord& record, Colour colour) {
  std::string text = collectives_table(record);
  text += "#\n" + predictions_table(record);
  text += "#\n" + probes_table(record);
  text += "#\n" + links_table(record);
  for (const std::string& table :
       {hooks_table(record), classes_table(record), background_table(record), inline_table(record)}) {
    if (!table.empty()) text += "#\n" + table;
  }
  const std::string probes = host_probes_table(record);
  if (!probes.empty()) text += "#\n" + probes;
  text += "#\n" + lateness_table(record);
  const std::string lcores = lcores_table(record);
  if (!lcores.empty()) text += "#\n" + lcores;
  text += "#\n" + ports_table(record);
  text += "#\n" + switches_table(record);
  const std::string changes = live_changes_table(record);
  if (!changes.empty()) text += "#\n" + changes;
  text += "#\n";
  if (record.samples_lost > 0)
    text += fmt::format("# Samples missing in links.csv: {}\n#\n", record.samples_lost);
  for (const std::string& file : record.unwritten) text += wrap("# " + file, 0) + "#\n";
  const std::string decisions = decisions_text(record);
  if (!decisions.empty()) text += decisions + "#\n";
  return text + verdict_text(record.judgement, colour);
}

}  // namespace longhaul::results
