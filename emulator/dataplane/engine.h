// SPDX-License-Identifier: GPL-2.0-only
//
// The data plane as its user sees it: ports of hosts, one switch per site, link directions between sites,
// driven by one lcore that runs to completion. This header is free of DPDK.
//
// Threads: everything here is called by one control thread. The lcore owns links, switches, stores and
// histograms from start() to stop(); while it runs, the control thread sees them only as the samples that it
// publishes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/decision_log.h"
#include "emulator/core/link_config.h"
#include "emulator/core/random.h"
#include "emulator/core/units.h"
#include "emulator/dataplane/site_switch.h"
#include "results/histogram.h"

namespace longhaul::dataplane {

struct PortConfig {
  std::string host;    // for messages and results
  std::string device;  // DPDK device string (nic/port.h)
  std::size_t site = 0;
};

struct DirectionConfig {
  core::LinkConfig link;
  core::StreamOwner owner;  // which link of the topology and which of its directions
  std::size_t from_site = 0, to_site = 0;
  std::string hook = {};  // BPF object file of a program that each frame meets before the link; empty: none
  bool carries_pause = false;  // MAC control frames pass over the link as others do, instead of ending at it
};

struct EngineConfig {
  std::size_t sites = 0;
  std::vector<PortConfig> ports;
  std::vector<DirectionConfig> directions;  // sites and directions form a tree: flooding must end
  std::uint32_t mtu = 1'500;
  Bytes largest_frame;
  std::uint64_t seed = 1;
  unsigned cpu = 0;  // where the lcore runs
  Duration sample_interval = Duration::milliseconds(10);
  FloodLimit flood_limit;
  bool log_decisions = false;  // see Engine::next_decision()
};

// Frames that the data plane itself lost, which no link model asked for. Any of them makes a run INVALID.
struct EmulatorLosses {
  std::uint64_t tx_refused = 0;  // the port would not take it and its backlog was full
  std::uint64_t no_buffer = 0;   // no packet buffer to send with
  std::uint64_t oversized = 0;   // larger than the topology's MTU allows
};

struct PortCounters {  // frames that crossed the boundary between driver and data plane
  std::uint64_t rx_frames = 0, rx_bytes = 0, tx_frames = 0, tx_bytes = 0;
  std::uint64_t pause_frames = 0;  // of rx_frames: PAUSE and PFC (IEEE 802.3 annexes 31B and 31D)
  EmulatorLosses losses;
};

struct DirectionSample {
  core::LinkCounters counters;
  core::Tally hook_dropped;               // by the direction's hook: frames that never entered the link
  std::uint64_t interval_peak_bytes = 0;  // most that waited at once since the sample before
  std::uint64_t store_full = 0;  // an emulator loss: no memory to hold it, although the link would have
};

// The state of everything at one instant between two turns of the loop.
struct Sample {
  Instant at;  // since start()
  std::vector<DirectionSample> directions;
  std::vector<PortCounters> ports;
};

struct LoopStatistics {
  std::uint64_t turns = 0, idle_sleeps = 0;
  Duration longest_turn;  // from one clock read to the next, sleeps included
};

class Engine {
 public:
  // Starts DPDK, opens the ports and reserves all memory. Throws std::runtime_error with the reason.
  explicit Engine(const EngineConfig& config);
  ~Engine();  // stops and releases everything
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start();
  void stop();  // returns when the lcore is out of the loop; frames still held stay counted as held

  // Takes the oldest sample not yet taken; false when there is none.
  bool next_sample(Sample& sample);
  // Samples that found no room because next_sample() was not called for seconds.
  std::uint64_t samples_lost() const;

  // With EngineConfig::log_decisions: takes the oldest decision of a direction not yet taken; false when
  // there is none. Those of one direction come in the order in which they were made.
  bool next_decision(std::size_t direction, core::Decision& decision);
  // Decisions of all directions that found no room, because they were not taken as fast as they were made.
  std::uint64_t decisions_lost() const;

  // Drivers' own statistics; may be called while the loop runs.
  struct DriverStatistics {
    std::uint64_t rx_frames = 0, tx_frames = 0;
    std::vector<std::pair<std::string, std::uint64_t>> losses;
  };
  DriverStatistics driver_statistics(std::size_t port) const;

  // After stop(): the final state, and what is too large for samples.
  Sample final_state() const;
  const results::LatenessHistogram& lateness(std::size_t direction) const;
  SwitchCounters switch_counters(std::size_t site) const;
  LoopStatistics loop_statistics() const;

  const std::string& memory_kind() const;

  // Bytes that a data plane of this configuration reserves: {packet buffers, frames in flight}.
  struct Memory {
    std::uint64_t packet_buffers = 0, in_flight = 0;
  };
  static Memory memory_needed(const EngineConfig& config);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longhaul::dataplane
