// SPDX-License-Identifier: GPL-2.0-only
//
// A standing testbed at one moment, as plain data with the names that people use: what `longhaul show` and
// `top`, OpenMetrics and DPDK telemetry are made from. Counters count since the start, rates are over the
// last second; bytes are L2 bytes, rates count what the link's framing adds. Made by the control thread
// (LiveRecorder, Testbed); a value like any other.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/link_config.h"
#include "emulator/core/units.h"
#include "emulator/dataplane/engine.h"
#include "results/run_record.h"

namespace longhaul::scenario {

struct LiveDirection {
  std::string link, from, to;
  std::string direction;  // "forward" or "reverse"
  core::Framing framing = core::Framing::kWire;
  Bytes overhead;
  std::optional<double> loss;  // a probability; none: a model with more to it, or a timeline that changes it
  dataplane::DirectionSample now;
  std::vector<results::HookResult> hooks = {};
  double in_bps = 0, out_bps = 0, drops_per_s = 0, marks_per_s = 0;
  std::string drop_cause;  // of most of the frames dropped in the last second; empty: none was

  core::Tally dropped() const { return now.counters.dropped_in_all() + now.hook_dropped(); }
  std::uint64_t marked() const;  // frames
  // Offered bits per second of the rate; 0 when the rate is zero.
  double load() const;
  double fill() const;  // of the buffer
};

struct LivePort {
  results::PortResult port;
  std::string address;
  double rx_bps = 0, tx_bps = 0;  // L2 bytes only
};

struct LiveLcore {
  dataplane::LoopStatistics loop;
  double turns_per_s = 0, gaps_per_s = 0;
  double busy = 0;  // CPU time of the time that passed
};

struct LiveView {
  std::string run;
  Duration uptime;
  std::vector<LiveDirection> directions;  // forward and reverse of each link in turn
  std::vector<LivePort> ports;
  std::vector<LiveLcore> lcores;
  std::uint64_t samples_lost = 0;
  std::uint64_t live_changes = 0;  // asked for and granted
  std::string telemetry_socket;    // empty: none
};

// The emulator's losses in all: of ports and of links.
std::uint64_t emulator_losses(const LiveView& view);

// A place of loss that only means something at rest: it compares counters of two sides while frames travel.
bool only_at_rest(const std::string& place);

nlohmann::ordered_json to_json(const LiveView& view);

}  // namespace longhaul::scenario
