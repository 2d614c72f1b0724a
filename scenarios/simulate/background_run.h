// SPDX-License-Identifier: GPL-2.0-only
//
// What others send (Scenario::background) in a simulation: frames one by one, that share queues with those of
// the workload, from a host of nobody's at the site where it begins to one where it ends. They begin with
// the simulation and have no end of their own. Their arrivals are those of the model beside an emulated run,
// as that has them when it slows nothing down; of ways that are equally good each flow takes one by its hash.
// Virtual time, ns-3's one thread; destroy before ns3::Simulator::Destroy().
#pragma once

#include <memory>
#include <vector>

#include "results/run_record.h"
#include "scenarios/model.h"
#include "scenarios/simulate/raw_flow.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

// The scenario's topology, and behind its hosts two more for each background. Throws std::runtime_error, in
// one line, for what cannot be sent so.
topology::Topology with_background_hosts(const Scenario& scenario);

class BackgroundRun {
 public:
  // `network` is of with_background_hosts(); both outlive it.
  BackgroundRun(const Scenario& scenario, const wide::Network& network);

  void start();
  void stop();
  void fill(results::RunRecord& record) const;

 private:
  const Scenario& scenario_;
  std::vector<std::unique_ptr<RawFlow>> flows_;  // as in the scenario
};

}  // namespace longhaul::scenario
