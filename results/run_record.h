// SPDX-License-Identifier: GPL-2.0-only
//
// What a run measured, as plain data: filled by the runner (scenarios/), written to files and printed by the
// other parts of results/. Times are in microseconds where the name says so, rates in GB/s = 1e9 B/s as
// nccl-tests has them, sizes in bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/hook_stage.h"
#include "results/background_record.h"
#include "results/flow_record.h"
#include "results/workload_flows.h"

namespace longhaul::results {

// Percentiles of "sent - due" over the frames that left a link, in nanoseconds. LatenessHistogram makes it.
struct Lateness {
  std::uint64_t frames = 0;  // sent at or after they were due: those that the percentiles are over
  std::uint64_t early = 0;  // sent before they were due, which a correct emulator never does; not in `frames`
  std::int64_t p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
};

// A program that frames of a direction met.
struct HookResult {
  std::string place;    // "ingress", before the link, or "egress", after it
  std::string program;  // its file
  core::HookCounters counters;
  std::vector<std::uint64_t> counted = {};  // by the program itself
};

struct DirectionResult {
  std::string link, from, to;  // link name and site names in the direction of travel
  core::LinkCounters counters;
  Lateness lateness;
  std::size_t classes = 1;  // traffic classes that it has: the first ones of counters.classes
  std::size_t lcore = 0;    // that sends what it delivers: index in RunRecord::loops
  // Frames that another lcore handed over so late that their time on this link began late too, and by how
  // much at most.
  std::uint64_t entered_late = 0;
  std::int64_t latest_entry_ns = 0;
  std::vector<HookResult> hooks = {};
};

// One port of the data plane and every place where it can lose a frame without the link model knowing.
struct PortResult {
  std::string host;    // the host behind it
  std::string device;  // DPDK device with its driver, as given to EAL
  std::uint64_t rx_frames = 0, rx_bytes = 0, tx_frames = 0, tx_bytes = 0;  // seen by the data plane
  // Emulator losses by place, e.g. {"rx_missed", 0}; every name is printed, and any number but 0 makes a run
  // INVALID.
  std::vector<std::pair<std::string, std::uint64_t>> losses;
  std::uint64_t pause_frames = 0;  // of those received: PAUSE and PFC, which end at the site's switch
  bool gone = false;               // its interface was deleted; what it counted last stands
  std::size_t lcore = 0;           // that drives it: index in RunRecord::loops
  bool is_port = true;             // not: a place inside the data plane, which `host` names
  // Of a shared interface: frames by what its filter did with them, e.g. {"taken tcp 5201-5210", 12} and
  // {"passed no_match", 3}, which went to the kernel. None is lost.
  std::vector<std::pair<std::string, std::uint64_t>> steering = {};
};

struct CollectiveResult {
  std::uint64_t size_bytes = 0;  // per rank
  std::uint64_t count = 0;       // elements per rank
  std::string type = "float";    // nccl-tests' names
  std::string op = "sum";
  int root = -1;                         // the rank that all begins at; -1: none
  std::vector<double> times_us;          // one per timed iteration: the slowest rank's time
  double time_us = 0;                    // mean over ranks of (elapsed / iterations), as nccl-tests reports
  double algbw_gbps = 0;                 // size / time, GB/s
  double busbw_gbps = 0;                 // algbw x 2(n-1)/n
  std::uint64_t wrong = 0;               // wrong elements, all ranks and all checked iterations
  std::uint32_t checked_iterations = 0;  // whose sums were compared with the right ones, warm-up included
  std::uint32_t iterations = 0;
  double predicted_us = 0;  // by the closed form; 0: there is none
  double scheduled_us = 0;  // by the library's own schedule, handshakes included; 0: there is none
  // Of its timed iterations, CLOCK_MONOTONIC: from when the first rank began to when the last was done.
  std::int64_t began_ns = 0, ended_ns = 0;
  std::optional<SizeTraffic> traffic = {};  // nothing without probes at the hosts
  // Of the time of the CPUs that the hosts share, the part that was not idle while the timed iterations
  // lasted, 0 to 1; nothing in virtual time.
  std::optional<double> host_cpus_busy = {};
};

// One process of the collective.
struct RankResult {
  std::string host;         // it ran on
  std::int64_t pid = 0;     // in the PID namespace of the runner
  std::string device_info;  // what computed and carried it, e.g. "CPU, Gloo over TCP (cubic)"
};

struct PathProbe {  // ping between two hosts before the workload
  std::string from, to;
  double expected_ms = 0;  // propagation both ways
  double min_ms = 0, avg_ms = 0, max_ms = 0;
  std::uint32_t sent = 0, received = 0;
};

enum class Verdict : std::uint8_t { kValid, kDegraded, kInvalid };

constexpr std::string_view name(Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames{"VALID", "DEGRADED", "INVALID"};
  return kNames[static_cast<std::size_t>(verdict)];
}

struct Judgement {
  Verdict verdict = Verdict::kInvalid;
  std::vector<std::string> reasons;  // what was found; for kValid what was looked at
};

// A frame that is neither on a link nor lost by the emulator: what the site switches did.
struct SwitchResult {
  std::string site;
  // Frames in, by what became of them.
  std::uint64_t forwarded = 0, flooded = 0, filtered = 0, storm_limited = 0;
};

// One lcore of the data plane, and what came between it and its work. Times in all, since the start.
struct LoopResult {
  unsigned cpu = 0;
  std::uint64_t turns = 0;
  double longest_turn_us = 0;
  std::uint64_t gaps = 0;           // turns above 100 us without a sleep
  double gap_ms = 0;                // their sum
  double sleep_overrun_ms = 0;      // by how much sleeps of 20 us were longer than asked
  double slept_ms = 0, cpu_ms = 0;  // asleep, on the CPU
  double elapsed_ms = 0;
  double busiest = 0;  // share of its busiest second that turns with a frame to move took
  // As the kernel counts them; nothing where it does not tell. Of the CPU, in ticks of 10 ms or so: time that
  // the hypervisor gave to others, and that interrupts took.
  std::optional<double> steal_ms, softirq_ms, irq_ms;
  // Of the thread: time that it was ready to run and did not, and how often another took its place.
  std::optional<double> run_delay_ms;
  std::optional<std::uint64_t> involuntary_switches;

  // How long it could have run and did not, because other threads or other machines had the CPU. By the
  // kernel's word; without it what is left of the time that passed, less what sleeping itself costs the CPU.
  double away_ms() const {
    if (run_delay_ms) return *run_delay_ms + steal_ms.value_or(0);
    return std::max(0.0, elapsed_ms - cpu_ms - slept_ms);
  }
};

// decisions.csv: what became of its rows.
struct DecisionsResult {
  std::uint64_t written = 0;
  std::uint64_t lost = 0;  // made faster than they were taken
};

// What somebody changed while the run lasted.
struct LiveChanges {
  struct Change {
    double at_s = 0;   // since the start of the data plane
    std::string text;  // "wan: rate 100 Mbit/s"
  };
  static constexpr std::size_t kMostListed = 1'000;

  void add(Change change) {
    if (count++ < kMostListed) first.push_back(std::move(change));
  }
  std::uint64_t count = 0;
  std::vector<Change> first;  // in the order in which they were asked for
};

struct RunRecord {
  std::string name;
  std::string started_utc;        // ISO 8601 as iso8601_utc() in time_text.h writes it
  std::string version, revision;  // of longhaul
  std::vector<std::string> command_line;
  std::uint64_t seed = 0;
  std::string scenario_yaml, topology_yaml;  // effective, in full
  // Facts about the machine: kernel, cpu, hugepages...
  std::vector<std::pair<std::string, std::string>> machine;
  std::size_t ranks = 0;
  std::vector<RankResult> rank_processes;  // by rank
  std::string collective = "AllReduce";    // nccl-tests' name of the test
  std::string algorithm;                   // e.g. "ring"
  // Bytes per rank of every size that was to be measured, ascending.
  std::vector<std::uint64_t> planned_sizes;
  std::uint32_t warmup = 0;      // iterations per size before the timed ones
  std::uint32_t iterations = 0;  // timed iterations per size that were to be made
  double elapsed_s = 0;
  std::vector<PathProbe> probes;
  std::vector<CollectiveResult> collectives;
  std::vector<WorkloadFlow> workload_flows;  // simulated ones; a workload of flows has no ranks
  std::vector<DirectionResult> directions;
  std::vector<PortResult> ports;
  std::vector<SwitchResult> switches;
  std::vector<LoopResult> loops;
  std::uint64_t samples_lost = 0;            // rows missing in links.csv
  std::optional<DecisionsResult> decisions;  // nothing when they were not to be logged
  LiveChanges live_changes;
  std::optional<BackgroundResult> background;  // nothing where none was modelled
  std::optional<InlineResult> inline_links;    // nothing where there were none
  HostProbesResult host_probes;
  std::vector<std::string>
      unwritten;  // files that could not be written to their end, with the reason: a line each
  Judgement judgement;
};

// Whether its workload is flows, and no collective.
inline bool is_of_flows(const RunRecord& record) {
  return record.ranks == 0 && !record.workload_flows.empty();
}

}  // namespace longhaul::results
