// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/collective_run.h"

#include <fmt/format.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "scenarios/collective_schedule.h"
#include "scenarios/predict.h"
#include "scenarios/simulate/tcp.h"
#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint64_t kElementBytes = 4;

// nccl-tests' names of its tests.
std::string_view title(CollectiveKind kind) {
  constexpr std::array<std::string_view, 5> kTitles{"AllReduce", "ReduceScatter", "AllGather", "Broadcast",
                                                    "AlltoAll"};
  return kTitles[static_cast<std::size_t>(kind)];
}

bool adds(CollectiveKind kind) {
  return kind == CollectiveKind::kAllReduce || kind == CollectiveKind::kReduceScatter;
}

// nccl-tests counts what a rank has for, or from, one other where each pair has bytes of its own.
bool counts_blocks(CollectiveKind kind) {
  return kind != CollectiveKind::kAllReduce && kind != CollectiveKind::kBroadcast;
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
  schedule_ = schedule_of(scenario_, scenario_.workload.sizes[results_.size()]);
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
  times_[rank].start_ps.push_back(simulated().ps());
  ranks_[rank]->begin();
}

void CollectiveRun::rank_done(std::uint32_t rank) {
  if (over()) return;
  times_[rank].end_ps.push_back(simulated().ps());
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

// By bytes: they take most of the time.
double CollectiveRun::share_done() const {
  if (done()) return 1;
  std::uint32_t iterations = done_in_.empty() ? 0 : *std::min_element(done_in_.begin(), done_in_.end());
  if (timed_) iterations += scenario_.workload.warmup;
  double done = 0, all = 0;
  for (std::size_t i = 0; i < scenario_.workload.sizes.size(); ++i) {
    const auto size = static_cast<double>(scenario_.workload.sizes[i].count());
    all += size;
    if (i < results_.size()) done += size;
    if (i == results_.size())
      done += size * iterations / (scenario_.workload.warmup + scenario_.workload.iterations);
  }
  return done / all;
}

std::vector<std::string> CollectiveRun::take_news() {
  std::vector<std::string> lines;
  for (; told_ < results_.size(); ++told_) {
    const results::CollectiveResult& result = results_[told_];
    lines.push_back(fmt::format("{:>10} B  {:>12.1f} us", result.size_bytes, result.time_us));
  }
  return lines;
}

void CollectiveRun::fill(results::RunRecord& record) const {
  const Collective& workload = scenario_.workload;
  record.ranks = workload.ranks.size();
  record.collective = title(workload.kind);
  record.algorithm = name(workload.algorithm);
  for (const Bytes size : workload.sizes) record.planned_sizes.push_back(size.count());
  record.warmup = workload.warmup;
  record.iterations = workload.iterations;
  record.collectives = results_;
  for (const std::size_t host : workload.ranks) {
    record.rank_processes.push_back(
        {scenario_.topology.hosts[host].name, 0,
         fmt::format("ns-3, {} over TCP ({})", workload.is_gloos() ? "Gloo's schedule" : "textbook schedule",
                     workload.congestion_control)});
  }
}

results::CollectiveResult CollectiveRun::result() const {
  const auto n = static_cast<double>(ranks_.size());
  const Bytes size = scenario_.workload.sizes[results_.size()];
  results::CollectiveResult result;
  result.size_bytes = size.count();
  const CollectiveKind kind = scenario_.workload.kind;
  result.count = size.count() / kElementBytes / (counts_blocks(kind) ? ranks_.size() : 1);
  if (!adds(kind)) result.op = "none";
  if (kind == CollectiveKind::kBroadcast) result.root = 0;
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
  result.busbw_gbps = busbw(size, Duration::from_seconds(result.time_us / 1e6), ranks_.size(), kind) / 1e9;
  result.predicted_us = closed_form(scenario_, size).to_seconds() * 1e6;
  result.scheduled_us = scheduled_all_reduce(scenario_, size).to_seconds() * 1e6;
  return result;
}

}  // namespace longhaul::scenario
