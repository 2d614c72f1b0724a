// SPDX-License-Identifier: GPL-2.0-only
#include "results/workload_flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/files.h"
#include "results/json_text.h"
#include "results/statistics.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostShown = 40;

Json frames_json(const WorkloadFlow::Frames& frames) {
  Json delay = nullptr;
  if (frames.one_way) {
    delay = {{"p50_us", frames.one_way->p50_us},
             {"p99_us", frames.one_way->p99_us},
             {"max_us", frames.one_way->max_us}};
  }
  return {{"sent", to_json(frames.sent)},
          {"received", to_json(frames.received)},
          {"lost", to_json(frames.lost())},
          {"copies", frames.copies},
          {"one_way_delay", delay}};
}

Json transfer_json(const WorkloadFlow::Transfer& transfer) {
  const auto known = [](const std::optional<double>& figure) {
    return figure ? Json(*figure) : Json(nullptr);
  };
  return {{"bytes", transfer.bytes},
          {"received_bytes", transfer.received},
          {"completion_us", known(transfer.completion_us)},
          {"alone_us", transfer.alone_us},
          {"slowdown", known(transfer.slowdown())}};
}

std::string microseconds(const std::optional<double>& time) {
  return time ? fmt::format("{:.1f}", *time) : "-";
}

void add_row(const WorkloadFlow& flow, TextGrid& grid) {
  std::vector<std::string> cells{fit(flow.from, kNameWidth / 2 + 2), fit(flow.to, kNameWidth / 2 + 2),
                                 flow.background.empty() ? flow.kind : flow.kind + " (background)"};
  if (flow.frames) {
    const WorkloadFlow::Frames& frames = *flow.frames;
    cells.push_back(fmt::format("{}", frames.sent.frames));
    cells.push_back(fmt::format("{}", frames.received.frames));
    cells.push_back(fmt::format("{}", frames.lost().frames));
    for (const auto figure : {&WorkloadFlow::Frames::Delay::p50_us, &WorkloadFlow::Frames::Delay::p99_us,
                              &WorkloadFlow::Frames::Delay::max_us})
      cells.push_back(frames.one_way ? fmt::format("{:.1f}", (*frames.one_way).*figure) : "-");
  } else {
    cells.insert(cells.end(), 6, "-");
  }
  if (flow.transfer) {
    const std::optional<double> slowdown = flow.transfer->slowdown();
    cells.push_back(fmt::format("{}", flow.transfer->received));
    cells.push_back(microseconds(flow.transfer->completion_us));
    cells.push_back(slowdown ? fmt::format("{:.2f}", *slowdown) : "-");
  }
  grid.add(std::move(cells));
}

// "TCP flows: 18 of 20 complete, slowdown P50 1.84, P99 4.12, most 4.12".
std::string transfers_line(const std::vector<WorkloadFlow>& flows) {
  std::size_t transfers = 0;
  std::vector<double> slowdowns;
  for (const WorkloadFlow& flow : flows) {
    if (!flow.transfer) continue;
    ++transfers;
    if (const auto slowdown = flow.transfer->slowdown()) slowdowns.push_back(*slowdown);
  }
  if (transfers == 0) return "";
  std::string line = fmt::format("# TCP flows: {} of {} complete", slowdowns.size(), transfers);
  if (slowdowns.empty()) return line + '\n';
  const Spread spread = results::spread(slowdowns);
  return line +
         fmt::format(", slowdown P50 {:.2f}, P99 {:.2f}, most {:.2f}\n", spread.p50, spread.p99, spread.max);
}

}  // namespace

std::string workload_flows_table(const std::vector<WorkloadFlow>& flows) {
  if (flows.empty()) return "";
  TextGrid grid({{"from", "", Align::kLeft},
                 {"to", "", Align::kLeft},
                 {"kind", "", Align::kLeft},
                 {"sent", "(frames)"},
                 {"received", "(frames)"},
                 {"lost", "(frames)"},
                 {"P50", "(us)"},
                 {"P99", "(us)"},
                 {"max", "(us)"},
                 {"TCP", "(B)"},
                 {"FCT", "(us)"},
                 {"slowdown", ""}});
  const std::size_t shown = std::min(flows.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) add_row(flows[i], grid);
  std::string text = "# Flows (P50, P99, max: one-way delay)\n" + grid.text();
  if (flows.size() > shown) {
    text += fmt::format("# and {} more, which are in workload_flows.json\n", flows.size() - shown);
  }
  return text + transfers_line(flows);
}

std::string workload_flows_json(const std::vector<WorkloadFlow>& flows) {
  Json list = Json::array();
  for (const WorkloadFlow& flow : flows) {
    list.push_back({{"background", flow.background.empty() ? Json(nullptr) : Json(flow.background)},
                    {"from", flow.from},
                    {"to", flow.to},
                    {"kind", flow.kind},
                    {"start_s", flow.start_s},
                    {"frames", flow.frames ? frames_json(*flow.frames) : Json(nullptr)},
                    {"transfer", flow.transfer ? transfer_json(*flow.transfer) : Json(nullptr)}});
  }
  return to_text({{"format", kFormat}, {"flows", list}});
}

}  // namespace longhaul::results
