// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/collective_run.h"

#include <ns3/simulator.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "scenarios/collectives/gloo.h"
#include "scenarios/predict.h"
#include "scenarios/simulate/tcp.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint64_t kElementBytes = 4;

collectives::Schedule schedule_of(const AllReduce& workload, Bytes size) {
  const collectives::Shape shape{static_cast<std::uint32_t>(workload.ranks.size()), size.count(), 1,
                                 kElementBytes};
  return workload.algorithm == Algorithm::kRing ? collectives::gloo_ring(shape)
                                                : collectives::gloo_halving_doubling(shape);
}

std::int64_t now_ps() {
  return ns3::Simulator::Now().GetTimeStep();
}

}  // namespace

CollectiveRun::CollectiveRun(const Scenario& scenario, const wide::Network& network) : scenario_(scenario) {
  events_ = {[this] { one_more_connection(); }, [this](std::uint32_t rank) { rank_done(rank); },
             [this](const std::string& line) { fail(line); }, [this] { ++moves_; }};
  const std::vector<std::size_t>& hosts = scenario.workload.ranks;
  for (std::uint32_t r = 0; r < hosts.size(); ++r) {
    std::vector<SimulatedRank::Other> others;
    for (const std::size_t host : hosts)
      others.push_back({wide::host_address(host), send_window(scenario, hosts[r], host)});
    ranks_.push_back(std::make_unique<SimulatedRank>(r, network.host(hosts[r]), std::move(others), events_));
  }
  times_.resize(ranks_.size());
}

void CollectiveRun::start() {
  for (const auto& rank : ranks_) rank->connect();
}

void CollectiveRun::one_more_connection() {
  if (++ends_connected_ < ranks_.size() * (ranks_.size() - 1)) return;
  ns3::Simulator::ScheduleNow([this] { next_size(); });
}

void CollectiveRun::next_size() {
  schedule_ = schedule_of(scenario_.workload, scenario_.workload.sizes[results_.size()]);
  for (const auto& rank : ranks_) rank->prepare(schedule_);
  timed_ = scenario_.workload.warmup == 0;
  begin_phase();
}

void CollectiveRun::begin_phase() {
  done_in_.assign(ranks_.size(), 0);
  for (Times& times : times_) times = {};
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) begin(r);
}

void CollectiveRun::begin(std::uint32_t rank) {
  times_[rank].start_ps.push_back(now_ps());
  ranks_[rank]->begin();
}

void CollectiveRun::rank_done(std::uint32_t rank) {
  if (over()) return;
  times_[rank].end_ps.push_back(now_ps());
  const std::uint32_t iterations = timed_ ? scenario_.workload.iterations : scenario_.workload.warmup;
  if (++done_in_[rank] < iterations) return begin(rank);
  if (*std::min_element(done_in_.begin(), done_in_.end()) < iterations) return;
  if (!timed_) {
    timed_ = true;
    return begin_phase();
  }
  results_.push_back(result());
  if (!done()) next_size();
}

void CollectiveRun::fail(const std::string& why) {
  if (failure_.empty()) failure_ = why;
}

CollectiveProgress CollectiveRun::progress() const {
  CollectiveProgress progress{results_.size(), 0};
  if (done_in_.empty() || done()) return progress;
  progress.iterations_done = *std::min_element(done_in_.begin(), done_in_.end());
  if (timed_) progress.iterations_done += scenario_.workload.warmup;
  return progress;
}

results::CollectiveResult CollectiveRun::result() const {
  const auto n = static_cast<double>(ranks_.size());
  const Bytes size = scenario_.workload.sizes[results_.size()];
  results::CollectiveResult result;
  result.size_bytes = size.count();
  result.count = size.count() / kElementBytes;
  result.iterations = scenario_.workload.iterations;
  result.times_us.assign(result.iterations, 0.0);
  std::int64_t began = std::numeric_limits<std::int64_t>::max(), ended = 0;
  for (const Times& times : times_) {
    for (std::size_t i = 0; i < times.end_ps.size(); ++i) {
      const double time_us = static_cast<double>(times.end_ps[i] - times.start_ps[i]) / 1e6;
      result.times_us[i] = std::max(result.times_us[i], time_us);
    }
    began = std::min(began, times.start_ps.front());
    ended = std::max(ended, times.end_ps.back());
    const double elapsed_us = static_cast<double>(times.end_ps.back() - times.start_ps.front()) / 1e6;
    result.time_us += elapsed_us / result.iterations / n;
  }
  result.began_ns = began / 1'000;
  result.ended_ns = ended / 1'000;
  result.algbw_gbps = algbw(size, Duration::from_seconds(result.time_us / 1e6)) / 1e9;
  result.busbw_gbps = busbw(size, Duration::from_seconds(result.time_us / 1e6), ranks_.size()) / 1e9;
  result.predicted_us = closed_form_all_reduce(scenario_, size).to_seconds() * 1e6;
  result.scheduled_us = scheduled_all_reduce(scenario_, size).to_seconds() * 1e6;
  return result;
}

}  // namespace longhaul::scenario
