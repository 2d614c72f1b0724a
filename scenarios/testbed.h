// SPDX-License-Identifier: GPL-2.0-only
//
// A topology standing on this machine: hosts in network namespaces, the data plane between them, and its
// samples. What `longhaul up` keeps and what a run (runner.h) puts its workload on.
//
// Made and used by one control thread, which must call drain() at least every few seconds: the data plane
// never waits for it. Destroying it takes everything down again.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emulator/core/decision_log.h"
#include "emulator/core/units.h"
#include "emulator/dataplane/background_board.h"
#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/inline_exchange.h"
#include "nic/lab_hosts.h"
#include "nic/lab_state.h"
#include "nic/priority.h"
#include "results/run_record.h"
#include "scenarios/coupled_model.h"
#include "scenarios/disturbance.h"
#include "scenarios/live_recorder.h"
#include "scenarios/live_testbed.h"
#include "scenarios/model.h"
#include "topologies/model.h"

namespace longhaul::scenario {

struct TestbedOptions {
  std::string name;  // of the run, for those who find the testbed in use
  std::uint64_t seed = 1;
  std::string congestion_control;  // of the hosts' TCP; empty: as the machine has it
  std::vector<unsigned> cpus;      // of the data plane's lcores; empty: one, on the last CPU that we may use
  bool log_decisions = false;      // see Testbed::on_decision()
  bool ecn = false;                // the hosts' TCP asks for explicit congestion notification
  std::filesystem::path hooks = {};                  // the directory of the hooks that are shipped
  std::vector<traffic::Background> background = {};  // what others send over its links
  Coupling coupling = {};                            // of what models that
  std::filesystem::path traces = {};                 // where coupling.pcap writes; empty: nowhere
};

// The subnet of the hosts: host i of the topology has 10.71.0.(i+1)/24.
std::string host_address(std::size_t host);

class Testbed : public LiveTestbed {
 public:
  // Brings everything up and starts forwarding. Throws std::runtime_error; then nothing is left behind.
  Testbed(const topology::Topology& topology, const TestbedOptions& options);
  ~Testbed() override;
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;

  // A namespace host, by its index in the topology: its namespace file and address.
  int namespace_fd(std::size_t host) const;
  // Whether the data plane goes before other processes of the machine.
  bool boosted() const { return boost_.active(); }
  // CPUs for anything but the data plane; all CPUs when there is only one.
  std::vector<unsigned> other_cpus() const;
  const std::vector<unsigned>& data_plane_cpus() const { return config_.lcores; }
  const std::string& memory_kind() const { return engine_->memory_kind(); }
  nic::LabState& state() { return state_; }

  using OnSample = std::function<void(const dataplane::Sample&)>;
  // Called for every sample that drain() takes.
  void on_sample(OnSample callback) { on_sample_ = std::move(callback); }
  using OnDecision = std::function<void(std::size_t direction, const core::Decision&)>;
  // With TestbedOptions::log_decisions: called for every decision of a link that drain() takes, with the
  // index of its direction in a sample.
  void on_decision(OnDecision callback) { on_decision_ = std::move(callback); }
  std::uint64_t decisions_lost() const { return engine_->decisions_lost(); }
  using OnFault = std::function<void(const std::string& line)>;
  // Called by drain(), once for each, when something of the testbed was broken from outside: a line that says
  // what.
  void on_fault(OnFault callback) { on_fault_ = std::move(callback); }
  // Takes all samples and decisions that wait. latest() is the newest of them.
  void drain();
  const dataplane::Sample& latest() const { return latest_; }

  // Waits until no link holds a frame and every frame that a host sent or the data plane sent is accounted
  // for at the other end, at most `deadline`; then stops the data plane. False when something was still under
  // way.
  bool settle(Duration deadline);

  // After settle(): what every link, port and switch counted, and facts about the loop among those of the
  // machine.
  void fill(results::RunRecord& record) const;

  const topology::Topology& topology() const override { return topology_; }
  LiveView view() const override;
  std::optional<Instant> change(std::span<const topology::LiveChange> changes) override;
  void start_capture(std::size_t direction, dataplane::Capture& capture) override;
  void stop_capture(std::size_t direction) override;
  void swap_hook(std::span<const std::size_t> directions, const dataplane::HookConfig& hook) override;
  Instant now() const override { return engine_->now(); }
  std::int64_t epoch_ns() const override { return engine_->epoch_ns(); }

 private:
  results::PortResult port_result(std::size_t port, const dataplane::PortCounters& seen) const;
  std::vector<results::PortResult> port_results(const dataplane::Sample& sample) const;
  std::vector<results::HookResult> hook_results(std::size_t direction) const;
  void couple(const TestbedOptions& options);
  bool quiet() const;
  void look_for_faults();
  void note_what_was_sent();

  topology::Topology topology_;
  std::string name_;
  nic::LabState state_;
  nic::PriorityBoost boost_;
  std::vector<std::optional<std::size_t>> lab_index_;  // by host; none for an external one
  std::optional<nic::LabHosts> hosts_;
  dataplane::EngineConfig config_;
  std::optional<dataplane::BackgroundBoard> board_;
  std::optional<dataplane::InlineExchange> exchange_;
  std::optional<dataplane::Engine> engine_;
  std::optional<CoupledModel> model_;
  OnSample on_sample_;
  OnDecision on_decision_;
  OnFault on_fault_;
  Instant next_look_;
  std::vector<bool> told_gone_;      // by host
  std::vector<std::uint64_t> sent_;  // by host: frames that count, shortly before the data plane stopped
  dataplane::Sample latest_;
  std::map<dataplane::HookedPlace, std::string> swapped_hooks_;  // what is there now
  LiveRecorder recorder_;
  std::optional<Disturbance> disturbance_;
};

}  // namespace longhaul::scenario
