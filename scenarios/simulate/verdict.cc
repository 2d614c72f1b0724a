// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/verdict.h"

#include <fmt/format.h>

namespace longhaul::scenario {

results::Judgement judge_simulated(const results::RunRecord& record, const std::string& failure,
                                   const LostElsewhere& lost) {
  results::Judgement judgement;
  std::vector<std::string>& faults = judgement.reasons;
  if (!failure.empty()) faults.push_back("the workload failed: " + failure);
  std::uint64_t frames = 0;
  for (const results::DirectionResult& direction : record.directions) {
    frames += direction.counters.in.frames;
    if (!direction.counters.conserved()) {
      faults.push_back(fmt::format(
          "link {} {} -> {} not conserved: {} frames in, {} out, {} dropped, {} held", direction.link,
          direction.from, direction.to, direction.counters.in.frames, direction.counters.out.frames,
          direction.counters.dropped_in_all().frames, direction.counters.held.frames));
    }
  }
  if (lost.at_sites > 0) faults.push_back(fmt::format("{} frames had no host to go to", lost.at_sites));
  if (lost.at_hosts > 0)
    faults.push_back(fmt::format("{} frames found no room in the queue of their own host", lost.at_hosts));
  if (record.collectives.size() < record.planned_sizes.size()) {
    faults.push_back(fmt::format("{} of {} sizes are missing",
                                 record.planned_sizes.size() - record.collectives.size(),
                                 record.planned_sizes.size()));
  }
  if (!faults.empty()) return judgement;
  judgement.verdict = results::Verdict::kValid;
  judgement.reasons = {
      fmt::format("conserved exactly: {} frames in = out + dropped + held on {} link directions", frames,
                  record.directions.size()),
      fmt::format("all {} iterations at {} sizes are over", record.iterations, record.collectives.size()),
      fmt::format(
          "simulated in virtual time, {:.6f} s of it: nothing is late, and only links lose frames; no "
          "data is carried, so there are no sums to check",
          record.elapsed_s)};
  if (record.unwritten.empty()) return judgement;
  judgement.verdict = results::Verdict::kDegraded;
  judgement.reasons.insert(judgement.reasons.begin(), record.unwritten.begin(), record.unwritten.end());
  return judgement;
}

}  // namespace longhaul::scenario
