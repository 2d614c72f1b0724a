// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/check_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/core/link.h"
#include "scenarios/link_report.h"
#include "scenarios/predict.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

// What one lcore spends on a frame from one namespace host to another, both driver ends included: so much for
// each and so much for each byte. Fitted to TCP through the demo's ports on 2 shared virtual CPUs
// (scripts/bench): 2.9 Gbit/s at an MTU of 1500 over AF_XDP, 7.7 Gbit/s at 9000 over AF_PACKET.
constexpr double kSecondsPerFrame = 3.1e-6, kSecondsPerByte = 0.7e-9;

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

std::string direction_lines(const topology::Topology& topology) {
  std::string text = fmt::format("# {:<12} {:<28} {:>11} {:>11} {:>11} {:>12} {:>11}\n", "link", "direction",
                                 "RTT (ms)", "BDP (KiB)", "line (KiB)", "queue (ms)", "held (MiB)");
  for (const DirectionPrediction& direction : predict_links(topology)) {
    const topology::Link& link = topology.links[direction.link];
    const std::size_t from = direction.direction, to = 1 - from;
    const core::LinkCapacity capacity =
        core::capacity_of(link.directions[direction.direction], topology.largest_frame());
    text += fmt::format(
        "# {:<12} {:<28} {:>11.3f} {:>11.1f} {:>11.1f} {:>12.3f} {:>11.2f}\n", link.name,
        topology.sites[link.between[from]].name + " -> " + topology.sites[link.between[to]].name,
        topology::round_trip(link).to_seconds() * 1e3, static_cast<double>(direction.bdp.count()) / 1024.0,
        static_cast<double>(direction.in_flight.count()) / 1024.0,
        direction.full_queue_delay.to_seconds() * 1e3, mebibytes(capacity.bytes));
  }
  return text +
         "# line: on the fibre at full rate; queue: wait behind a full buffer; held: most in memory at "
         "once\n";
}

std::string ceiling_line(const topology::Topology& topology) {
  const double wire_bytes = static_cast<double>(topology.mtu + 38);
  const double frames = 1 / (kSecondsPerFrame + kSecondsPerByte * wire_bytes);
  const double bits = frames * 8 * wire_bytes;
  double asked = 0;
  for (const topology::Link& link : topology.links) {
    for (const core::LinkConfig& direction : link.directions)
      asked += static_cast<double>(direction.rate.bps());
  }
  return fmt::format(
      "# one lcore with namespace hosts carries about {:.2f} Mframe/s, {:.1f} Gbit/s of full-size frames, "
      "all links and "
      "directions\n# together; these links at full rate are {:.1f} Gbit/s{}\n",
      frames / 1e6, bits / 1e9, asked / 1e9,
      asked > bits ? ": MORE THAN THAT, expect a run that is not VALID under full load" : "");
}

std::string equal_paths_note(std::uint64_t paths) {
  return paths > 1 ? fmt::format("; predictions spread flows evenly over {} equal paths", paths) : "";
}

}  // namespace

std::string prediction_text(const topology::Topology& topology) {
  return "#\n# Predictions\n" + direction_lines(topology) + ceiling_line(topology) + link_text(topology);
}

std::string prediction_text(const Scenario& scenario) {
  std::string text = prediction_text(scenario.topology) + "#\n";
  for (const SitePair& pair : rank_round_trips(scenario)) {
    text += fmt::format("# RTT {} - {}: {:.3f} ms of propagation{}\n",
                        scenario.topology.sites[pair.from].name, scenario.topology.sites[pair.to].name,
                        pair.round_trip.to_seconds() * 1e3, equal_paths_note(pair.equal_paths));
  }
  if (!scenario.flows.list.empty()) return text;
  const Collective& workload = scenario.workload;
  const std::size_t ranks = workload.ranks.size();
  if (workload.is_gloos()) {
    text += fmt::format(
        "# All-reduce over {} ranks, lines at TCP's goodput\n# closed form: lock step, no handshakes; Gloo's "
        "schedule: "
        "with them\n# {:>12} {:>18} {:>15} {:>20} {:>15}\n",
        ranks, "size (B)", "closed form (us)", "busbw (GB/s)", "Gloo's schedule (us)", "busbw (GB/s)");
  } else {
    text += fmt::format("# {} by {} over {} ranks, lines at TCP's goodput\n# {:>12} {:>18} {:>15}\n",
                        name(workload.kind), name(workload.algorithm), ranks, "size (B)", "closed form (us)",
                        "busbw (GB/s)");
  }
  for (const Bytes size : workload.sizes) {
    const Duration least = closed_form(scenario, size);
    text += fmt::format("# {:>12} {:>18.1f} {:>15.4f}", size.count(), least.to_seconds() * 1e6,
                        busbw(size, least, ranks, workload.kind) / 1e9);
    if (workload.is_gloos()) {
      const Duration scheduled = scheduled_all_reduce(scenario, size);
      text += fmt::format(" {:>20.1f} {:>15.4f}", scheduled.to_seconds() * 1e6,
                          busbw(size, scheduled, ranks) / 1e9);
    }
    text += '\n';
  }
  return text;
}

}  // namespace longhaul::scenario
