// SPDX-License-Identifier: GPL-2.0-only
//
// The part of the report that comes from the probes at the hosts.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "results/table.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {
namespace {

constexpr std::size_t kMostShown = 8;

std::string milliseconds(std::int64_t ns) {
  return fmt::format("{:.3f}", static_cast<double>(ns) / 1e6);
}

std::string traffic_part(const RunRecord& record) {
  TextGrid grid({{"size", "(B)"},
                 {"resent", "(segments)"},
                 {"timeouts", ""},
                 {"RTT P50", "(ms)"},
                 {"RTT P99", "(ms)"},
                 {"WAN bytes", "per iteration"},
                 {"flows", ""},
                 {"goodput min", "(Mbit/s)"},
                 {"max", "(Mbit/s)"},
                 {"Jain", ""}});
  bool any = false;
  for (const CollectiveResult& result : record.collectives) {
    if (!result.traffic) continue;
    any = true;
    const SizeTraffic& traffic = *result.traffic;
    const auto rtt = [&](double us) {
      return traffic.rtt_samples > 0 ? fmt::format("{:.3f}", us / 1e3) : "-";
    };
    std::vector<std::string> cells{fmt::format("{}", result.size_bytes),
                                   fmt::format("{}", traffic.retransmitted_segments),
                                   fmt::format("{}", traffic.timeouts),
                                   rtt(traffic.rtt_p50_us),
                                   rtt(traffic.rtt_p99_us),
                                   fmt::format("{:.0f}", traffic.wan_bytes_per_iteration),
                                   fmt::format("{}", traffic.flows.size())};
    if (!traffic.flows.empty()) {
      const auto [least, most] =
          std::minmax_element(traffic.flows.begin(), traffic.flows.end(),
                              [](const auto& a, const auto& b) { return a.goodput_bps < b.goodput_bps; });
      cells.push_back(fmt::format("{:.2f}", least->goodput_bps / 1e6));
      cells.push_back(fmt::format("{:.2f}", most->goodput_bps / 1e6));
      cells.push_back(fmt::format("{:.3f}", traffic.jain_index));
    }
    grid.add(std::move(cells));
  }
  return any ? "# TCP between sites, by size, as the hosts saw it\n" + grid.text() : "";
}

std::string delays_part(const HostProbesResult& probes) {
  if (probes.delays.empty()) return "";
  std::vector<const OneWayDelay*> delays;
  for (const OneWayDelay& delay : probes.delays) delays.push_back(&delay);
  const std::size_t shown = std::min(delays.size(), kMostShown);
  std::partial_sort(delays.begin(), delays.begin() + static_cast<std::ptrdiff_t>(shown), delays.end(),
                    [](const OneWayDelay* a, const OneWayDelay* b) { return a->frames > b->frames; });
  TextGrid grid({{"flow", "", Align::kLeft},
                 {"frames", ""},
                 {"expected", "(ms)"},
                 {"min", "(ms)"},
                 {"P50", "(ms)"},
                 {"P99", "(ms)"},
                 {"min - expected", "(ms)"}});
  for (std::size_t i = 0; i < shown; ++i) {
    const OneWayDelay& delay = *delays[i];
    grid.add({fit(delay.flow, kPathWidth + 8), fmt::format("{}", delay.frames),
              milliseconds(delay.expected_ns), milliseconds(delay.min_ns), milliseconds(delay.p50_ns),
              milliseconds(delay.p99_ns),
              fmt::format("{:+.3f}", static_cast<double>(delay.residual_ns()) / 1e6)});
  }
  if (delays.size() > shown) grid.add_line(fmt::format("and {} more in summary.json", delays.size() - shown));
  return "# One-way delay from host to host, of the same frames seen at both\n" + grid.text();
}

}  // namespace

std::string host_probes_table(const RunRecord& record) {
  const HostProbesResult& probes = record.host_probes;
  if (!probes.why_not.empty()) return wrap("# " + probes.why_not, 0);
  const std::string traffic = traffic_part(record), delays = delays_part(probes);
  return traffic + (traffic.empty() || delays.empty() ? "" : "#\n") + delays;
}

}  // namespace longhaul::results
