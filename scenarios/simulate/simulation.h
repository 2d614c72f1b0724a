// SPDX-License-Identifier: GPL-2.0-only
//
// ns-3's world for one scenario: the topology, its hooks, the hosts' TCP and the workload, from the first
// event until what is on its way has come. Needs no root. Blocks; once per process, since ns-3 is global.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "results/run_record.h"
#include "scenarios/model.h"
#include "scenarios/runner.h"
#include "scenarios/simulate/background_run.h"
#include "scenarios/simulate/recorder.h"
#include "scenarios/simulate/simulated_hooks.h"
#include "scenarios/simulate/verdict.h"
#include "scenarios/simulate/workload.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

class Simulation {
 public:
  // Refuses with std::runtime_error what cannot be simulated. The references outlive it.
  Simulation(const Scenario& scenario, const std::filesystem::path& shipped_hooks, const Report& report,
             const std::function<bool()>& interrupted);

  const wide::Network& network() const { return network_; }
  void run(SimulatedRecorder& recorder);
  // What was measured; no verdict.
  void fill(results::RunRecord& record) const;
  const std::string& failure() const { return workload_->failure(); }
  // Frames that went neither over a link nor were lost on one.
  LostElsewhere lost() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct World {  // ns-3's, gone with the scope
    explicit World(std::uint64_t seed);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();
  };

  void look();
  void tell();
  void settle(SimulatedRecorder& recorder);
  bool on_its_way() const;

  const Scenario& scenario_;
  const Report& report_;
  const std::function<bool()>& interrupted_;
  World world_;
  wide::Network network_;
  SimulatedHooks hooks_;
  BackgroundRun background_;
  std::unique_ptr<SimulatedWorkload> workload_;
  std::uint64_t moves_ = 0;
  Duration moved_at_;
  Clock::time_point began_ = Clock::now(), told_at_ = began_;
};

}  // namespace longhaul::scenario
