// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace longhaul::scenario {

namespace {

std::string what_is_over(const results::RunRecord& record) {
  if (!results::is_of_flows(record))
    return fmt::format("all {} iterations at {} sizes are over", record.iterations,
                       record.collectives.size());
  std::size_t all = 0, cut = 0;
  for (const results::WorkloadFlow& flow : record.workload_flows) {
    all += flow.background.empty();
    cut += flow.transfer && !flow.transfer->completion_us;
  }
  if (cut == 0) return fmt::format("all {} flows are over", all);
  return fmt::format("{} of {} flows were not over when the workload's duration was", cut, all);
}

}  // namespace

results::Judgement judge_simulated(const results::RunRecord& record, const std::string& failure,
                                   const LostElsewhere& lost) {
  results::Judgement judgement;
  std::vector<std::string>& faults = judgement.reasons;
  if (!failure.empty()) faults.push_back("the workload failed: " + failure);
  std::uint64_t frames = 0;
  for (const results::DirectionResult& direction : record.directions) {
    frames += direction.counters.in.frames;
    for (const results::HookResult& hook : direction.hooks) {
      if (!hook.counters.conserved()) {
        faults.push_back(fmt::format("the {} hook of link {} {} -> {} does not conserve frames", hook.place,
                                     direction.link, direction.from, direction.to));
      }
      if (hook.counters.not_held > 0) {
        faults.push_back(
            fmt::format("the {} hook of link {} {} -> {} could not delay {} frames: no room to hold them; "
                        "lower longest_delay or the rate",
                        hook.place, direction.link, direction.from, direction.to, hook.counters.not_held));
      }
    }
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
      what_is_over(record),
      fmt::format(
          "simulated in virtual time, {:.6f} s of it: nothing is late, and only links lose frames; no "
          "data is carried, so there are no sums to check",
          record.elapsed_s)};
  std::vector<std::string> missing = record.unwritten;
  if (record.decisions && record.decisions->lost > 0)
    missing.push_back(fmt::format("{} decisions are missing in decisions.csv", record.decisions->lost));
  if (missing.empty()) return judgement;
  judgement.verdict = results::Verdict::kDegraded;
  judgement.reasons.insert(judgement.reasons.begin(), missing.begin(), missing.end());
  return judgement;
}

}  // namespace longhaul::scenario
