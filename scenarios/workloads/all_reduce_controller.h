// SPDX-License-Identifier: GPL-2.0-only
//
// Collects the reports of all ranks of an all-reduce run (rank_protocol.h): tells when all are ready, done or
// failed, how far the run is, and what it measured. It starts no process, reads no pipe and no clock: the
// runner feeds it lines and exits. Not thread safe; it owns everything it keeps.
//
// Measures follow nccl-tests (doc/PERFORMANCE.md): algbw = size / time, busbw = algbw x 2(n-1)/n, in GB/s =
// 1e9 B/s, with time = the mean over ranks of elapsed / iterations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/run_record.h"
#include "scenarios/model.h"
#include "scenarios/workloads/rank_protocol.h"

namespace longhaul::scenario {

// Where the slowest rank stands. Ranks report at most every 200 ms, so it may lag by that much.
struct AllReduceProgress {
  std::size_t ranks_ready = 0;
  std::size_t sizes_done = 0;  // by every rank
  RankProgress current;  // of the slowest rank; size_bytes = 0 before all are ready and when all is done
};

class AllReduceController {
 public:
  // `hosts[r]` names the host of rank r in messages; as many ranks are expected as there are names, at
  // least 2.
  AllReduceController(const Collective& workload, std::vector<std::string> hosts);

  // Takes one line of a rank's standard output. A line that is not right makes the run fail; it does not
  // throw.
  void line(std::size_t rank, std::string_view text);

  // The process of `rank` is gone with this waitpid() status; call it after the last line of that rank was
  // given.
  void ended(std::size_t rank, int wait_status);

  // The runner stops the ranks now for this reason, e.g. "no progress for 20 s". With nothing else failed,
  // that is the failure, and it names the ranks that are behind. Lines and exits that come after are ignored.
  void give_up(std::string_view why);

  bool all_ready() const;
  bool all_done() const;  // every rank has reported every size and "done"
  bool failed() const;
  // True once no more is to be expected from `rank`: it is done, has failed, or is gone.
  bool finished(std::size_t rank) const;

  // One line that names the rank and host at the root of the failure; empty if there is none. A rank that
  // vanished comes before ranks that report an error, because theirs is the echo: so after the first failure
  // take in lines and exits for about a second more, then give_up() and stop the rest. Gloo may leave a send
  // to a dead rank waiting until its time-out.
  std::string failure() const;

  AllReduceProgress progress() const;

  // One entry per size that all ranks have completed, in the workload's order; the
  // predictions stay 0.
  std::vector<results::CollectiveResult> results() const;

 private:
  struct Rank {
    std::string host;
    bool heard = false, ready = false, done = false, ended = false;
    RankProgress progress;
    std::vector<RankSize> sizes;
  };
  // In the order in which failures explain each other.
  enum class Cause : std::uint8_t { kProtocol, kVanished, kReported };
  struct Failure {
    Cause cause;
    std::size_t order;  // how many ranks failed before
    std::string message;
  };

  void accept(Rank& rank, const RankReport& report);
  void accept_progress(Rank& rank, const RankProgress& progress) const;
  void accept_size(Rank& rank, const RankSize& size) const;
  void fail(std::size_t rank, Cause cause, std::string_view what);
  std::string title(std::size_t rank) const;
  std::string titles(const std::vector<std::size_t>& ranks) const;
  std::string position(const Rank& rank) const;
  std::size_t slowest() const;
  results::CollectiveResult result(std::size_t size_index) const;

  std::vector<std::uint64_t> sizes_;
  std::uint32_t warmup_;
  std::uint32_t iterations_;
  std::vector<Rank> ranks_;
  std::vector<std::optional<Failure>> failures_;  // the first of each rank
  std::string given_up_;
  bool stopped_ = false;
};

}  // namespace longhaul::scenario
