// SPDX-License-Identifier: GPL-2.0-only
//
// Probes at the hosts of a testbed (nic/probes/host_probes.h) for as long as a workload runs there, and what
// they saw as results. A machine that cannot have them has none: the run goes on, and its record says why.
// Control thread only; the testbed must outlive it. What the probes have to tell waits in 8 MiB until poll().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nic/probes/host_probes.h"
#include "results/run_record.h"
#include "scenarios/flow_analysis.h"
#include "scenarios/model.h"
#include "scenarios/testbed.h"

namespace longhaul::scenario {

class ProbeRecorder {
 public:
  // Attaches them, unless the scenario has them off.
  ProbeRecorder(const Scenario& scenario, const Testbed& testbed);

  // Why there are none, in one line; empty when there are.
  const std::string& why_not() const { return why_not_; }

  // Takes what they have told.
  void poll();

  // After Testbed::settle(): puts what they saw into the record and its collectives, and writes flows.csv
  // into the directory. A file that cannot be written is left out and named in the record's `unwritten`.
  void fill(results::RunRecord& record, const std::filesystem::path& directory);

 private:
  void attach();
  std::vector<results::HostRetransmits> retransmits() const;

  const Scenario& scenario_;
  const Testbed& testbed_;
  std::vector<std::size_t> indices_;  // by probed host: its index in the topology
  std::vector<ProbedHost> hosts_;
  std::vector<std::uint64_t> tcp_before_;  // segments that TCP had sent again before
  std::int64_t epoch_ns_ = 0;              // the data plane's time zero
  SampleLog log_;
  std::optional<nic::HostProbes> probes_;
  std::string why_not_;
};

}  // namespace longhaul::scenario
