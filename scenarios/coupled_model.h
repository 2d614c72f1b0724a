// SPDX-License-Identifier: GPL-2.0-only
//
// The part of a testbed that ns-3 runs, in a thread of its own beside the data plane: the shadow of
// background traffic (topologies/wide/shadow.h) and links that real frames cross one by one (topologies/wide/
// inline_network.h). ns-3 is global and not thread-safe: there is one of these at a time, and all of ns-3 is
// made, run and destroyed in its thread. Free of ns-3's headers; in a build without ns-3 the constructor
// throws.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "emulator/core/units.h"
#include "emulator/dataplane/engine.h"
#include "results/histogram.h"
#include "results/run_record.h"
#include "scenarios/model.h"

namespace longhaul::scenario {

// Background by how it meets real frames: on inline links packet by packet, elsewhere as a shadow.
struct Coupled {
  Coupled(const topology::Topology& topology, const std::vector<traffic::Background>& background,
          const Coupling& coupling);
  std::vector<traffic::Background> shadowed, simulated;
};

class CoupledModel {
 public:
  struct Plan {
    const topology::Topology& topology;
    const std::vector<traffic::Background>& background;
    Coupling coupling;
    std::uint64_t seed = 1;
    std::vector<unsigned> cpus;    // that its thread may run on
    std::filesystem::path traces;  // made for what coupling.pcap asks for; empty: none is written
  };
  using Clock = std::function<Instant()>;  // called in its thread

  // Builds the model. `config` is the data plane's, with its board and its exchange, which outlive this; its
  // directions are the topology's by 2 x link + direction. Throws std::runtime_error with the reason.
  CoupledModel(const Plan& plan, const dataplane::EngineConfig& config);
  ~CoupledModel();
  CoupledModel(const CoupledModel&) = delete;
  CoupledModel& operator=(const CoupledModel&) = delete;

  // From now on virtual time follows `clock`, which is at or soon after zero.
  void start(Clock clock);
  // After the data plane has stopped: ends the thread. Throws std::runtime_error when the model came to an
  // early end. A second call does nothing.
  void stop();
  // After stop(). `age`: of what the board said when frames met it.
  void fill(results::RunRecord& record, const results::LatenessHistogram& age) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longhaul::scenario
