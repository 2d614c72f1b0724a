// SPDX-License-Identifier: GPL-2.0-only
//
// The parts of the report that are about the emulator itself: lateness, lcores, ports and switches.
#include <fmt/format.h>

#include <optional>

#include "results/table.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {

std::string lateness_table(const RunRecord& record) {
  TextGrid grid({{"direction", "", Align::kLeft},
                 {"frames", ""},
                 {"early", ""},
                 {"P50", "(us)"},
                 {"P99", "(us)"},
                 {"P99.9", "(us)"},
                 {"max", "(us)"}});
  for (const DirectionResult& direction : record.directions) {
    const Lateness& late = direction.lateness;
    grid.add({fit(path_name(direction), kPathWidth), fmt::format("{}", late.frames),
              fmt::format("{}", late.early), microseconds(late.p50_ns), microseconds(late.p99_ns),
              microseconds(late.p999_ns), microseconds(late.max_ns)});
    if (direction.entered_late > 0) {
      grid.add_line(fmt::format("  {} frames came from another lcore after their time, by up to {} us",
                                direction.entered_late, microseconds(direction.latest_entry_ns)));
    }
  }
  return "# Release lateness (sent - due)\n" + grid.text();
}

std::string lcores_table(const RunRecord& record) {
  if (record.loops.empty()) return "";
  TextGrid grid({{"CPU", ""},
                 {"busy", "(%)"},
                 {"asleep", "(%)"},
                 {"away", "(ms)"},
                 {"steal", "(ms)"},
                 {"softirq+irq", "(ms)"},
                 {"switched", ""},
                 {"gaps", ""},
                 {"gaps", "(ms)"},
                 {"longest turn", "(ms)"}});
  for (const LoopResult& loop : record.loops) {
    const auto share = [&](double ms) {
      return loop.elapsed_ms > 0 ? fmt::format("{:.1f}", 100 * ms / loop.elapsed_ms) : "-";
    };
    const auto known = [](const std::optional<double>& ms) { return ms ? fmt::format("{:.0f}", *ms) : "-"; };
    std::optional<double> interrupts = loop.softirq_ms;
    if (interrupts) *interrupts += loop.irq_ms.value_or(0);
    grid.add({fmt::format("{}", loop.cpu), share(loop.cpu_ms), share(loop.slept_ms),
              fmt::format("{:.1f}", loop.away_ms()), known(loop.steal_ms), known(interrupts),
              loop.involuntary_switches ? fmt::format("{}", *loop.involuntary_switches) : "-",
              fmt::format("{}", loop.gaps), fmt::format("{:.1f}", loop.gap_ms),
              fmt::format("{:.2f}", loop.longest_turn_us / 1e3)});
  }
  return "# Lcores, and what came between them and their work (gaps: turns above 100 us)\n" + grid.text();
}

std::string ports_table(const RunRecord& record) {
  TextGrid grid({{"host", "", Align::kLeft},
                 {"rx", "(frames)"},
                 {"rx", "(bytes)"},
                 {"tx", "(frames)"},
                 {"tx", "(bytes)"},
                 {"lost", "(frames)"}});
  std::string places, pauses, steering;
  for (const PortResult& port : record.ports) {
    std::uint64_t lost = 0;
    std::string line;
    for (const auto& [place, frames] : port.losses) {
      lost += frames;
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", place, frames);
    }
    grid.add({fit(port.host, kNameWidth), fmt::format("{}", port.rx_frames), fmt::format("{}", port.rx_bytes),
              fmt::format("{}", port.tx_frames), fmt::format("{}", port.tx_bytes), fmt::format("{}", lost)});
    places += wrap(fmt::format("{} {}: {}{}", port.host, fit(port.device, kPathWidth + kNameWidth),
                               port.gone ? "GONE, " : "", line.empty() ? "no place looked at" : line),
                   2);
    std::string steered;
    for (const auto& [outcome, frames] : port.steering)
      steered += fmt::format("{}{} {}", steered.empty() ? "" : ", ", outcome, frames);
    if (!steered.empty()) steering += wrap(fmt::format("{}: {}", port.host, steered), 2);
    if (port.pause_frames > 0)
      pauses += fmt::format("  {} {}\n", fit(port.host, kNameWidth), port.pause_frames);
  }
  if (!steering.empty()) steering = "# Frames on shared interfaces, by what was done with them\n" + steering;
  if (!pauses.empty()) pauses = "# PAUSE and PFC frames from hosts\n" + pauses;
  return "# Ports of the data plane\n" + grid.text() + steering + pauses +
         "# Frames lost by the emulator, by place\n" + places;
}

std::string switches_table(const RunRecord& record) {
  TextGrid grid({{"site", "", Align::kLeft},
                 {"forwarded", ""},
                 {"flooded", ""},
                 {"filtered", ""},
                 {"storm limited", ""}});
  for (const SwitchResult& result : record.switches) {
    grid.add({fit(result.site, kNameWidth), fmt::format("{}", result.forwarded),
              fmt::format("{}", result.flooded), fmt::format("{}", result.filtered),
              fmt::format("{}", result.storm_limited)});
  }
  return "# Site switches (frames)\n" + grid.text();
}

}  // namespace longhaul::results
