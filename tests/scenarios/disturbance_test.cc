// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel says of the data plane's CPUs, from a made-up /proc.
#include "scenarios/disturbance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace longhaul::scenario {
namespace {

namespace fs = std::filesystem;

class Proc {
 public:
  Proc() {
    std::string name = (fs::temp_directory_path() / "longhaul-proc-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for a made-up /proc");
    path_ = name;
  }
  ~Proc() { fs::remove_all(path_); }
  Proc(const Proc&) = delete;
  Proc& operator=(const Proc&) = delete;

  const fs::path& path() const { return path_; }
  void put(const fs::path& file, const std::string& text) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text << '\n';
  }
  void put_thread(int id, const std::string& name, const std::string& schedstat, int switches) const {
    const fs::path task = fs::path("self/task") / std::to_string(id);
    put(task / "comm", name);
    put(task / "schedstat", schedstat);
    put(task / "status",
        "Name: x\nvoluntary_ctxt_switches:\t9\nnonvoluntary_ctxt_switches:\t" + std::to_string(switches));
  }

 private:
  fs::path path_;
};

dataplane::Sample sample_at(Duration at, Duration worked) {
  dataplane::Sample sample;
  sample.at = Instant::at(at);
  sample.lcores.resize(1);
  sample.lcores[0].worked = worked;
  return sample;
}

double ticks_ms(double ticks) {
  return 1e3 * ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

TEST(Disturbance, TellsTheDifferenceOfTwoReadings) {
  const Proc proc;
  proc.put("stat", "cpu  9 9 9 9 9 9 9 9\ncpu1 1 1 1 1 1 1 1 1\ncpu12 10 20 30 40 50 60 70 80 0 0");
  proc.put_thread(41, "longhaul", "1 1 1", 1);
  proc.put_thread(42, "rte-worker-1", "1000000 7000000 5", 3);
  proc.put_thread(43, "rte-worker-11", "1 1 1", 1);
  Disturbance disturbance({12}, proc.path());
  proc.put("stat", "cpu12 99 99 99 99 99 61 75 92 0 0");
  proc.put_thread(42, "rte-worker-1", "9000000 9500000 5", 10);
  disturbance.end();
  std::vector<results::LoopResult> loops(1);
  disturbance.fill(loops);
  EXPECT_DOUBLE_EQ(*loops[0].irq_ms, ticks_ms(1));
  EXPECT_DOUBLE_EQ(*loops[0].softirq_ms, ticks_ms(5));
  EXPECT_DOUBLE_EQ(*loops[0].steal_ms, ticks_ms(12));
  EXPECT_DOUBLE_EQ(*loops[0].run_delay_ms, 2.5);
  EXPECT_EQ(*loops[0].involuntary_switches, 7U);
  EXPECT_DOUBLE_EQ(loops[0].away_ms(), 2.5 + ticks_ms(12));
}

TEST(Disturbance, EachLcoreHasItsThreadAndItsCpu) {
  const Proc proc;
  proc.put("stat", "cpu0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0");
  proc.put_thread(7, "rte-worker-2", "0 0 0", 0);
  proc.put_thread(8, "lcore-worker-1", "0 0 0", 0);
  Disturbance disturbance({1, 0}, proc.path());
  proc.put("stat", "cpu0 0 0 0 0 0 0 0 3\ncpu1 0 0 0 0 0 0 0 4");
  proc.put_thread(7, "rte-worker-2", "0 2000000 0", 0);
  proc.put_thread(8, "lcore-worker-1", "0 1000000 0", 0);
  disturbance.end();
  std::vector<results::LoopResult> loops(2);
  disturbance.fill(loops);
  EXPECT_DOUBLE_EQ(*loops[0].steal_ms, ticks_ms(4));
  EXPECT_DOUBLE_EQ(*loops[1].steal_ms, ticks_ms(3));
  EXPECT_DOUBLE_EQ(*loops[0].run_delay_ms, 1);
  EXPECT_DOUBLE_EQ(*loops[1].run_delay_ms, 2);
}

TEST(Disturbance, WhatTheKernelDoesNotTellIsUnknown) {
  const Proc proc;
  proc.put("stat", "cpu0 1 2 3 4");  // before Linux 2.6
  Disturbance disturbance({0}, proc.path());
  disturbance.end();
  std::vector<results::LoopResult> loops(1);
  disturbance.fill(loops);
  EXPECT_FALSE(loops[0].steal_ms || loops[0].softirq_ms || loops[0].irq_ms || loops[0].run_delay_ms ||
               loops[0].involuntary_switches);
}

TEST(Disturbance, KeepsTheBusiestSecond) {
  const Proc proc;
  Disturbance disturbance({0}, proc.path());
  for (int i = 1; i <= 400; ++i) {
    // A quarter of the time, and 90 % in the third second.
    const int busy_ms = i <= 200 ? 10 * i / 4 : i <= 300 ? 500 + 9 * (i - 200) : 1400 + 10 * (i - 300) / 4;
    disturbance.add(sample_at(Duration::milliseconds(10 * i), Duration::milliseconds(busy_ms)));
  }
  disturbance.end();
  std::vector<results::LoopResult> loops(1);
  disturbance.fill(loops);
  EXPECT_DOUBLE_EQ(loops[0].busiest, 0.9);
  EXPECT_DOUBLE_EQ(loops[0].elapsed_ms, 4000);
}

}  // namespace
}  // namespace longhaul::scenario
