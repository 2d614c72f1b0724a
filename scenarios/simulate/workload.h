// SPDX-License-Identifier: GPL-2.0-only
//
// What goes on between the hosts of a simulation, as those see it who run and record it. Lives in virtual
// time on ns-3's one thread, and makes events only when told to start().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/run_record.h"

namespace longhaul::scenario {

class SimulatedWorkload {
 public:
  virtual ~SimulatedWorkload() = default;

  // From now on, in virtual time.
  virtual void start() = 0;
  virtual bool over() const = 0;
  // Why it did not come to its end; empty while nothing failed.
  virtual const std::string& failure() const = 0;
  virtual void give_up(const std::string& why) = 0;
  // Grows with whatever gets done: when it stands still, nothing moves.
  virtual std::uint64_t moves() const = 0;
  virtual double share_done() const = 0;  // 0 to 1
  // What is worth a line of the run's progress, since the last call.
  virtual std::vector<std::string> take_news() = 0;
  // What was planned, and what was measured so far.
  virtual void fill(results::RunRecord& record) const = 0;
};

}  // namespace longhaul::scenario
