// SPDX-License-Identifier: GPL-2.0-only
//
// What came between the data plane's threads and their CPUs while they ran, as the kernel counts it: steal,
// softirq and irq time of each CPU (/proc/stat, in ticks), and how long each thread was ready without running
// and how often another took its place (/proc/self/task: schedstat, status). Differences between two
// readings; a figure that the kernel does not tell stays unknown. Of samples it keeps the second in which
// each thread was busiest. One thread; it judges nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "results/run_record.h"

namespace longhaul::scenario {

class Disturbance {
 public:
  // Takes the first reading. The thread of lcore l is the one whose name ends in `-worker-` and l + 1, as
  // DPDK calls it. `proc` stands for /proc.
  explicit Disturbance(std::vector<unsigned> cpus, std::filesystem::path proc = "/proc");

  // Of every sample, in order.
  void add(const dataplane::Sample& sample);

  // Takes the last reading; while the threads still live.
  void end();

  // Puts what was found into the results of the lcores, which are in the order of the CPUs.
  void fill(std::vector<results::LoopResult>& loops) const;

 private:
  struct Reading {  // of one lcore
    std::optional<double> steal_ms, softirq_ms, irq_ms, run_delay_ms;
    std::optional<std::uint64_t> involuntary_switches;
  };
  struct Busy {
    Instant since;
    Duration worked;  // by then
    double most = 0;
  };
  std::vector<Reading> read() const;

  std::vector<unsigned> cpus_;
  std::filesystem::path proc_;
  std::vector<std::filesystem::path> threads_;  // by lcore: below /proc/self/task; empty when not found
  std::vector<Reading> first_, last_;
  std::vector<Busy> busy_;
  Duration elapsed_;
};

}  // namespace longhaul::scenario
