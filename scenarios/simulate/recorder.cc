// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/recorder.h"

#include <algorithm>
#include <numeric>

#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::kForward;
using topology::kReverse;

constexpr std::size_t kDecisionSlots = 8'192;

std::size_t class_count(const topology::Link& link, Direction direction) {
  return link.directions[direction].queues.classes.size();
}

std::size_t most_classes(const topology::Topology& topology) {
  std::size_t most = 1;
  for (const topology::Link& link : topology.links)
    most = std::max({most, class_count(link, kForward), class_count(link, kReverse)});
  return most;
}

}  // namespace

SimulatedRecorder::SimulatedRecorder(const Scenario& scenario, const wide::Network& network,
                                     const std::filesystem::path& directory, Decisions decisions,
                                     std::vector<std::string>& unwritten)
    : scenario_(scenario),
      network_(network),
      links_(unwritten, directory / "links.csv", most_classes(scenario.topology)) {
  if (decisions == Decisions::kLeaveOut) return;
  decisions_.emplace(unwritten, directory / "decisions.csv");
  for (std::size_t l = 0; l < scenario.topology.links.size(); ++l) {
    for (const Direction d : {kForward, kReverse})
      network.device(l, d).log_decisions(&logs_.emplace_back(kDecisionSlots));
  }
}

void SimulatedRecorder::sample() {
  if (simulated() == sampled_at_) return;
  sampled_at_ = simulated();
  const topology::Topology& topology = scenario_.topology;
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    const topology::Link& link = topology.links[l];
    for (const Direction d : {kForward, kReverse}) {
      wide::LinkDevice& device = network_.device(l, d);
      core::LinkCounters counters = device.counters();
      counters.queue_peak_bytes = device.take_interval_peak();
      links_.with([&](results::LinkCsv& file) {
        file.write(simulated(), link.name, topology.sites[link.between[d]].name,
                   topology.sites[link.between[1 - d]].name, counters, class_count(link, d));
      });
    }
  }
}

void SimulatedRecorder::take_decisions() {
  const topology::Topology& topology = scenario_.topology;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const topology::Link& link = topology.links[i / 2];
    core::Decision decision;
    while (logs_[i].read(decision)) {
      decisions_->with([&](results::DecisionCsv& file) {
        file.write(link.name, topology.sites[link.between[i % 2]].name,
                   topology.sites[link.between[1 - i % 2]].name, decision);
      });
    }
  }
}

void SimulatedRecorder::close(results::RunRecord& record) {
  links_.with([](results::LinkCsv& file) { file.close(); });
  if (!decisions_) return;
  const std::uint64_t lost =
      std::accumulate(logs_.begin(), logs_.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const core::DecisionLog& log) { return sum + log.lost(); });
  decisions_->with([&](results::DecisionCsv& file) {
    record.decisions = {file.rows(), lost};
    file.close();
  });
}

}  // namespace longhaul::scenario
