// SPDX-License-Identifier: GPL-2.0-only
//
// The ranks of a scenario in ns-3, and the order in which they go: all connect; then for each size a barrier,
// the iterations that warm up, a barrier, the timed ones, as workloads/rank_run.h has it. A barrier takes no
// time here. Ranks follow Gloo's schedule, and go from one iteration to the next each for itself.
//
// Lives in virtual time; one thread; makes events only when told to start().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "results/run_record.h"
#include "scenarios/collectives/schedule.h"
#include "scenarios/model.h"
#include "scenarios/simulate/rank.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

struct CollectiveProgress {
  std::size_t sizes_done = 0;
  std::uint32_t iterations_done = 0;  // of the current size by the slowest rank, warm-up included
};

class CollectiveRun {
 public:
  // `network` and `scenario` must outlive it.
  CollectiveRun(const Scenario& scenario, const wide::Network& network);

  // From now on, in virtual time.
  void start();
  bool over() const { return done() || !failure_.empty(); }
  bool done() const { return results_.size() == scenario_.workload.sizes.size(); }
  // Empty while nothing failed.
  const std::string& failure() const { return failure_; }
  void give_up(const std::string& why) { fail(why); }
  CollectiveProgress progress() const;
  // Steps that were over so far: when it stands still, nothing moves.
  std::uint64_t moves() const { return moves_; }
  // Of each size that is complete.
  const std::vector<results::CollectiveResult>& results() const { return results_; }

 private:
  struct Times {
    std::vector<std::int64_t> start_ps, end_ps;
  };

  void one_more_connection();
  void next_size();
  void begin_phase();
  void begin(std::uint32_t rank);
  void rank_done(std::uint32_t rank);
  void fail(const std::string& why);
  results::CollectiveResult result() const;

  const Scenario& scenario_;
  SimulatedRank::Events events_;
  std::vector<std::unique_ptr<SimulatedRank>> ranks_;
  std::size_t ends_connected_ = 0;
  collectives::Schedule schedule_;
  bool timed_ = false;                  // the phase
  std::vector<std::uint32_t> done_in_;  // by rank: iterations done of this phase
  std::vector<Times> times_;            // by rank, of the timed iterations
  std::vector<results::CollectiveResult> results_;
  std::uint64_t moves_ = 0;
  std::string failure_;
};

}  // namespace longhaul::scenario
