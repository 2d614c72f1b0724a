// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "scenarios/collective_schedule.h"
#include "scenarios/line_load.h"
#include "scenarios/predict.h"

namespace longhaul::scenario {
namespace {

// Adding up within sites, between them, and telling the sum within sites come one after the other; all else
// is one phase.
constexpr std::size_t kPhases = 3;
std::size_t phase_of(const Scenario& scenario, const collectives::Step& step) {
  if (scenario.workload.algorithm != Algorithm::kHierarchical) return 0;
  if (rank_host(scenario, step.from).site != rank_host(scenario, step.to).site) return 1;
  return step.action == collectives::Action::kReduce ? 0 : 2;
}

// The longest propagation along messages that wait for each other.
Duration longest_chain(const Scenario& scenario, const collectives::Schedule& schedule) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Duration> delays;
  struct Over {
    Duration sent, received;
  };
  std::vector<Over> over(schedule.steps.size());
  Duration longest;
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    const collectives::Step& step = schedule.steps[s];
    const auto [delay, is_new] = delays.try_emplace({step.from, step.to});
    if (is_new) delay->second = rank_delay(scenario, step.from, step.to);
    for (const std::uint32_t before : step.after) {
      const bool came = schedule.steps[before].to == step.from;
      over[s].sent = std::max(over[s].sent, came ? over[before].received : over[before].sent);
    }
    over[s].received = over[s].sent + delay->second;
    longest = std::max(longest, over[s].received);
  }
  return longest;
}

}  // namespace

Duration closed_form(const Scenario& scenario, Bytes size) {
  if (scenario.workload.is_gloos()) return closed_form_all_reduce(scenario, size);
  const collectives::Schedule schedule = schedule_of(scenario, size);
  std::array<std::map<std::pair<std::uint32_t, std::uint32_t>, double>, kPhases> bytes;
  for (const collectives::Step& step : schedule.steps)
    bytes[phase_of(scenario, step)][{step.from, step.to}] += static_cast<double>(step.size);
  Duration sum = longest_chain(scenario, schedule);
  for (const auto& phase : bytes) {
    LineLoad load(scenario);
    for (const auto& [ends, amount] : phase) load.send(ends.first, ends.second, amount);
    sum += Duration::from_seconds(load.longest_transfer());
  }
  return sum;
}

}  // namespace longhaul::scenario
