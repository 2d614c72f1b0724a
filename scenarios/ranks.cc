// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/ranks.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "nic/command.h"
#include "scenarios/interrupt.h"
#include "scenarios/predict.h"
#include "scenarios/workloads/all_reduce_controller.h"
#include "scenarios/workloads/rank_command.h"

namespace longhaul::scenario {
namespace {

using Clock = std::chrono::steady_clock;

Duration timeout_for(const Scenario& scenario) {
  Duration longest_rtt;
  for (const SitePair& pair : rank_round_trips(scenario))
    longest_rtt = std::max(longest_rtt, pair.round_trip);
  double slowest = 1e18;
  for (const DirectionPrediction& direction : predict_links(scenario.topology)) {
    slowest = std::min(slowest, direction.goodput);
  }
  return collective_timeout(longest_rtt, scenario.workload.sizes.back(), slowest,
                            scenario.workload.ranks.size());
}

class Ranks {
 public:
  Ranks(const Scenario& scenario, Testbed& testbed, const std::filesystem::path& program)
      : scenario_(scenario), controller_(scenario.workload, host_names(scenario)) {
    const std::filesystem::path store = testbed.state().make_directory("rendezvous");
    for (std::size_t r = 0; r < scenario.workload.ranks.size(); ++r) {
      RankLaunch launch{program.string(), r,     scenario.workload.ranks.size(), "eth0",
                        store.string(),   "run", timeout_for(scenario)};
      nic::Command command;
      command.argv = rank_arguments(scenario.workload, launch);
      command.network_namespace = testbed.namespace_fd(scenario.workload.ranks[r]);
      command.cpus = testbed.other_cpus();
      children_.emplace_back(command);
    }
  }

  // Waits a little for news from any rank and hands it to the controller.
  void listen() {
    std::vector<pollfd> fds;
    for (std::size_t r = 0; r < children_.size(); ++r) {
      if (!gone(r)) fds.push_back({children_[r].fd(), POLLIN, 0});
    }
    constexpr int kSampleTimeMs = 20;
    poll(fds.data(), fds.size(), kSampleTimeMs);
    for (std::size_t r = 0; r < children_.size(); ++r) hear(r);
  }

  // All are done; or some failed and the others have told their side of it, for which they get a moment.
  bool over() {
    if (controller_.all_done()) return true;
    if (!controller_.failed()) return false;
    const Clock::time_point now = Clock::now();
    if (!failed_at_) failed_at_ = now;
    constexpr auto kLastWords = std::chrono::seconds(2);
    return all_told() || now - *failed_at_ > kLastWords;
  }
  AllReduceController& controller() { return controller_; }

  RanksOutcome outcome() {
    RanksOutcome outcome;
    for (std::size_t r = 0; r < children_.size(); ++r) {
      outcome.processes.push_back(
          {scenario_.topology.hosts[scenario_.workload.ranks[r]].name, children_[r].pid(),
           fmt::format("CPU, Gloo over TCP ({})", scenario_.workload.congestion_control)});
    }
    outcome.results = controller_.results();
    for (results::CollectiveResult& result : outcome.results) {
      const Bytes size(result.size_bytes);
      result.predicted_us = closed_form_all_reduce(scenario_, size).to_seconds() * 1e6;
      result.scheduled_us = scheduled_all_reduce(scenario_, size).to_seconds() * 1e6;
    }
    outcome.failure = controller_.failure();
    return outcome;
  }

 private:
  static std::vector<std::string> host_names(const Scenario& scenario) {
    std::vector<std::string> names;
    for (const std::size_t host : scenario.workload.ranks)
      names.push_back(scenario.topology.hosts[host].name);
    return names;
  }

  bool gone(std::size_t rank) const { return rank < exits_.size() && exits_[rank]; }

  void hear(std::size_t rank) {
    if (gone(rank)) return;
    while (const auto line = children_[rank].next_line()) controller_.line(rank, *line);
    const std::optional<nic::ExitStatus> exit = children_[rank].poll_exit();
    if (!exit) return;
    while (const auto line = children_[rank].next_line()) controller_.line(rank, *line);
    exits_.resize(children_.size());
    exits_[rank] = true;
    controller_.ended(rank, exit->signal != 0 ? exit->signal : W_EXITCODE(exit->code, 0));
  }

  bool all_told() const {
    for (std::size_t r = 0; r < children_.size(); ++r) {
      if (!controller_.finished(r)) return false;
    }
    return true;
  }

  const Scenario& scenario_;
  AllReduceController controller_;
  std::vector<nic::Child> children_;
  std::vector<bool> exits_;  // by rank; ended processes
  std::optional<Clock::time_point> failed_at_;
};

std::string describe(const AllReduceProgress& progress, const Collective& workload) {
  if (progress.ranks_ready < workload.ranks.size()) {
    return fmt::format("connecting: {} of {} ranks", progress.ranks_ready, workload.ranks.size());
  }
  return fmt::format("size {} of {}: {} B, {} {} of {}",
                     std::min(progress.sizes_done + 1, workload.sizes.size()), workload.sizes.size(),
                     progress.current.size_bytes, name_of(progress.current.phase), progress.current.iteration,
                     progress.current.of);
}

}  // namespace

RanksOutcome run_ranks(const Scenario& scenario, Testbed& testbed, const std::filesystem::path& rank_program,
                       const Report& report, const std::function<void()>& idle) {
  Ranks ranks(scenario, testbed, rank_program);
  // A rank's own time-out per collective comes first; this is for ranks that hang without one.
  const auto patience = 2 * std::chrono::nanoseconds(timeout_for(scenario).ns()) + std::chrono::seconds(10);
  Clock::time_point last_news = Clock::now();
  std::string last_text;
  std::size_t sizes_told = 0;
  while (!ranks.over()) {
    check_interrupt();
    ranks.listen();
    testbed.drain();
    idle();
    const AllReduceProgress progress = ranks.controller().progress();
    const std::string text = describe(progress, scenario.workload);
    if (text != last_text) {
      last_text = text;
      last_news = Clock::now();
      report(text, Lasting::kPassing);
    }
    if (progress.sizes_done > sizes_told) {
      const std::vector<results::CollectiveResult> done = ranks.controller().results();
      for (; sizes_told < done.size(); ++sizes_told) {
        report(fmt::format("{:>10} B  {:>12.1f} us", done[sizes_told].size_bytes, done[sizes_told].time_us),
               Lasting::kLasting);
      }
    }
    if (Clock::now() - last_news > patience) ranks.controller().give_up("no progress");
  }
  return ranks.outcome();
}

}  // namespace longhaul::scenario
