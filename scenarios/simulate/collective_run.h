// SPDX-License-Identifier: GPL-2.0-only
//
// The ranks of a scenario in ns-3, and the order in which they go: all connect; then for each size a barrier,
// the iterations that warm up, a barrier, the timed ones, as workloads/rank_run.h has it. A barrier takes no
// time here. Ranks follow schedule_of(), and go from one iteration to the next each for itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "results/run_record.h"
#include "scenarios/collectives/schedule.h"
#include "scenarios/model.h"
#include "scenarios/simulate/rank.h"
#include "scenarios/simulate/workload.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

class CollectiveRun : public SimulatedWorkload {
 public:
  // `network` and `scenario` must outlive it.
  CollectiveRun(const Scenario& scenario, const wide::Network& network);

  void start() override;
  bool over() const override { return done() || !failure_.empty(); }
  const std::string& failure() const override { return failure_; }
  void give_up(const std::string& why) override { fail(why); }
  std::uint64_t moves() const override { return moves_; }  // steps that were over so far
  double share_done() const override;
  std::vector<std::string> take_news() override;
  void fill(results::RunRecord& record) const override;

 private:
  struct Times {
    std::vector<std::int64_t> start_ps, end_ps;
  };

  bool done() const { return results_.size() == scenario_.workload.sizes.size(); }
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
  bool timed_ = false;                              // the phase
  std::vector<std::uint32_t> done_in_;              // by rank: iterations done of this phase
  std::vector<Times> times_;                        // by rank, of the timed iterations
  std::vector<results::CollectiveResult> results_;  // of each size that is complete
  std::size_t told_ = 0;                            // of those
  std::uint64_t moves_ = 0;
  std::string failure_;
};

}  // namespace longhaul::scenario
