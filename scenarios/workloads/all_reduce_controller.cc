// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/all_reduce_controller.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace longhaul::scenario {
namespace {

constexpr std::uint64_t kElementBytes = 4;  // float32

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) return fmt::format("killed by signal {}", WTERMSIG(wait_status));
  return fmt::format("exit status {}", WEXITSTATUS(wait_status));
}

void check_times(const RankSize& size, std::uint32_t iterations) {
  if (size.start_ns.size() != iterations || size.end_ns.size() != iterations) {
    throw std::runtime_error(fmt::format("{} starts and {} ends for {} timed iterations",
                                         size.start_ns.size(), size.end_ns.size(), iterations));
  }
  std::int64_t before = 0;
  for (std::size_t i = 0; i < iterations; ++i) {
    if (size.start_ns[i] < before || size.end_ns[i] <= size.start_ns[i]) {
      throw std::runtime_error(
          fmt::format("timed iteration {} runs from {} ns to {} ns after one that ended at {} ns", i + 1,
                      size.start_ns[i], size.end_ns[i], before));
    }
    before = size.end_ns[i];
  }
}

}  // namespace

AllReduceController::AllReduceController(const Collective& workload, std::vector<std::string> hosts)
    : warmup_(workload.warmup), iterations_(workload.iterations), failures_(hosts.size()) {
  if (hosts.size() < 2 || workload.iterations == 0 || workload.sizes.empty()) {
    throw std::invalid_argument(
        fmt::format("all-reduce with {} ranks, {} sizes and {} iterations: at least 2, 1 and 1", hosts.size(),
                    workload.sizes.size(), workload.iterations));
  }
  for (const Bytes size : workload.sizes) sizes_.push_back(size.count());
  for (std::string& host : hosts)
    ranks_.push_back(Rank{.host = std::move(host), .progress = {}, .sizes = {}});
}

void AllReduceController::line(std::size_t rank, std::string_view text) {
  if (stopped_) return;
  ranks_.at(rank).heard = true;
  try {
    const RankReport report = parse_report(text);
    if (const auto* error = std::get_if<RankError>(&report)) {
      fail(rank, Cause::kReported, error->what);
    } else {
      accept(ranks_[rank], report);
    }
  } catch (const std::runtime_error& error) {
    fail(rank, Cause::kProtocol, error.what());
  }
}

void AllReduceController::accept(Rank& rank, const RankReport& report) {
  if (rank.done) throw std::runtime_error("a report after \"done\"");
  if (std::holds_alternative<RankReady>(report)) {
    if (rank.ready) throw std::runtime_error("\"ready\" came twice");
    rank.ready = true;
    return;
  }
  if (!rank.ready) throw std::runtime_error("a report before \"ready\"");
  if (const auto* progress = std::get_if<RankProgress>(&report)) accept_progress(rank, *progress);
  if (const auto* size = std::get_if<RankSize>(&report)) accept_size(rank, *size);
  if (std::holds_alternative<RankDone>(report)) {
    if (rank.sizes.size() < sizes_.size()) {
      throw std::runtime_error(
          fmt::format("\"done\" after {} of {} sizes", rank.sizes.size(), sizes_.size()));
    }
    rank.done = true;
  }
}

void AllReduceController::accept_progress(Rank& rank, const RankProgress& progress) const {
  const std::size_t index = rank.sizes.size();
  if (index == sizes_.size() || progress.size_bytes != sizes_[index]) {
    throw std::runtime_error(
        fmt::format("progress at {} B, expected {}", progress.size_bytes,
                    index == sizes_.size() ? "\"done\"" : fmt::format("{} B", sizes_[index])));
  }
  if (progress.iteration > progress.of) {
    throw std::runtime_error(fmt::format("iteration {} of {}", progress.iteration, progress.of));
  }
  rank.progress = progress;
}

void AllReduceController::accept_size(Rank& rank, const RankSize& size) const {
  const std::size_t index = rank.sizes.size();
  if (index == sizes_.size() || size.size_bytes != sizes_[index]) {
    throw std::runtime_error(
        fmt::format("result of {} B, expected {}", size.size_bytes,
                    index == sizes_.size() ? "\"done\"" : fmt::format("{} B", sizes_[index])));
  }
  check_times(size, iterations_);
  const std::uint64_t elements = size.size_bytes / kElementBytes;
  const std::uint64_t checked =
      elements * (std::uint64_t{warmup_} + 2);  // + the last timed one and one after it
  if (size.checked != checked || size.wrong > size.checked) {
    throw std::runtime_error(fmt::format("{} of {} checked elements wrong at {} B, expected {} checked",
                                         size.wrong, size.checked, size.size_bytes, checked));
  }
  rank.sizes.push_back(size);
  rank.progress = {};
}

void AllReduceController::ended(std::size_t rank, int wait_status) {
  Rank& gone = ranks_.at(rank);
  if (stopped_ || gone.ended) return;
  gone.ended = true;
  const bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
  if (gone.done && clean) return;
  fail(rank, Cause::kVanished,
       fmt::format("ended early ({}), {}", describe_exit(wait_status), position(gone)));
}

void AllReduceController::give_up(std::string_view why) {
  if (stopped_) return;
  stopped_ = true;
  if (failed() || all_done()) return;
  std::vector<std::size_t> behind;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    if (!ranks_[r].ready) behind.push_back(r);
  }
  if (!behind.empty()) {
    given_up_ = fmt::format("{}: not ready: {}", why, titles(behind));
  } else {
    given_up_ =
        fmt::format("{}: furthest behind is {}, {}", why, title(slowest()), position(ranks_[slowest()]));
  }
}

void AllReduceController::fail(std::size_t rank, Cause cause, std::string_view what) {
  if (failures_[rank]) return;
  const auto before =
      std::count_if(failures_.begin(), failures_.end(), [](const auto& f) { return f.has_value(); });
  failures_[rank] =
      Failure{cause, static_cast<std::size_t>(before), fmt::format("{}: {}", title(rank), what)};
}

bool AllReduceController::all_ready() const {
  return std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.ready; });
}

bool AllReduceController::all_done() const {
  return !failed() && std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.done; });
}

bool AllReduceController::failed() const {
  return !given_up_.empty() || std::any_of(failures_.begin(), failures_.end(),
                                           [](const auto& failure) { return failure.has_value(); });
}

bool AllReduceController::finished(std::size_t rank) const {
  return stopped_ || ranks_.at(rank).done || ranks_[rank].ended || failures_[rank].has_value();
}

std::string AllReduceController::failure() const {
  if (!failed()) return {};
  std::size_t others = 0;
  const Failure* root = nullptr;
  std::vector<std::size_t> silent;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    if (!failures_[r]) {
      if (!ranks_[r].heard) silent.push_back(r);
      continue;
    }
    if (root != nullptr) ++others;
    if (root == nullptr ||
        std::tie(failures_[r]->cause, failures_[r]->order) < std::tie(root->cause, root->order)) {
      root = &*failures_[r];
    }
  }
  if (root == nullptr) return given_up_;
  std::string message = root->message;
  if (others > 0) message += fmt::format("; {} more rank{} failed too", others, others == 1 ? "" : "s");
  if (!silent.empty()) message += fmt::format("; nothing was heard from {}", titles(silent));
  return message;
}

std::string AllReduceController::title(std::size_t rank) const {
  return fmt::format("rank {} (host {})", rank, ranks_[rank].host);
}

std::string AllReduceController::titles(const std::vector<std::size_t>& ranks) const {
  std::string list;
  for (const std::size_t rank : ranks) list += (list.empty() ? "" : ", ") + title(rank);
  return list;
}

std::string AllReduceController::position(const Rank& rank) const {
  if (rank.done) return "after it reported all sizes";
  if (!rank.ready) return "before it was connected";
  if (rank.sizes.size() == sizes_.size()) return "after the last size";
  if (rank.progress.size_bytes == 0) return fmt::format("at {} B", sizes_[rank.sizes.size()]);
  return fmt::format("at {} B, {} iteration {} of {}", rank.progress.size_bytes, name_of(rank.progress.phase),
                     rank.progress.iteration, rank.progress.of);
}

std::size_t AllReduceController::slowest() const {
  const auto key = [](const Rank& rank) {
    return std::tuple(rank.ready, rank.sizes.size(), rank.done, rank.progress.phase, rank.progress.iteration);
  };
  const auto least = std::min_element(ranks_.begin(), ranks_.end(),
                                      [&](const Rank& a, const Rank& b) { return key(a) < key(b); });
  return static_cast<std::size_t>(least - ranks_.begin());
}

AllReduceProgress AllReduceController::progress() const {
  const Rank& last = ranks_[slowest()];
  AllReduceProgress progress;
  progress.ranks_ready = static_cast<std::size_t>(
      std::count_if(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.ready; }));
  progress.sizes_done = last.sizes.size();
  progress.current = last.progress;
  if (last.ready && last.sizes.size() < sizes_.size())
    progress.current.size_bytes = sizes_[last.sizes.size()];
  return progress;
}

std::vector<results::CollectiveResult> AllReduceController::results() const {
  std::vector<results::CollectiveResult> complete;
  for (std::size_t i = 0; i < ranks_[slowest()].sizes.size(); ++i) complete.push_back(result(i));
  return complete;
}

results::CollectiveResult AllReduceController::result(std::size_t size_index) const {
  const double n = static_cast<double>(ranks_.size());
  results::CollectiveResult result;
  result.size_bytes = sizes_[size_index];
  result.count = result.size_bytes / kElementBytes;
  result.iterations = iterations_;
  result.checked_iterations = std::numeric_limits<std::uint32_t>::max();
  result.times_us.assign(iterations_, 0.0);
  result.began_ns = std::numeric_limits<std::int64_t>::max();
  for (const Rank& rank : ranks_) {
    const RankSize& size = rank.sizes[size_index];
    for (std::size_t i = 0; i < iterations_; ++i) {
      const double time_us = static_cast<double>(size.end_ns[i] - size.start_ns[i]) / 1e3;
      result.times_us[i] = std::max(result.times_us[i], time_us);
    }
    result.began_ns = std::min(result.began_ns, size.start_ns.front());
    result.ended_ns = std::max(result.ended_ns, size.end_ns.back());
    const double elapsed_us = static_cast<double>(size.end_ns.back() - size.start_ns.front()) / 1e3;
    result.time_us += elapsed_us / iterations_ / n;
    result.wrong += size.wrong;
    result.checked_iterations =
        std::min(result.checked_iterations, static_cast<std::uint32_t>(size.checked / result.count));
  }
  result.algbw_gbps = static_cast<double>(result.size_bytes) / (result.time_us * 1e3);
  result.busbw_gbps = result.algbw_gbps * 2 * (n - 1) / n;
  return result;
}

}  // namespace longhaul::scenario
