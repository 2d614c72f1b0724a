// SPDX-License-Identifier: GPL-2.0-only
//
// The ranks of one run, connected over TCP by Gloo, and the all-reduce they can do together. The only file
// pair that knows Gloo. Every call is collective: all ranks make the same calls in the same order.
//
// One thread per group besides Gloo's own; buffers belong to the caller and must outlive the operation. Every
// failure is a std::runtime_error of one line; after one the group is of no more use.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "scenarios/workloads/rank_options.h"

namespace gloo {
class Context;
}

namespace longhaul::scenario {

// An all-reduce (sum of float32) from one fixed buffer into another.
class AllReduceOperation {
 public:
  virtual ~AllReduceOperation() = default;

  // Sets output to the sum of all ranks' inputs; the input stays as it is. May be called again at once.
  virtual void run() = 0;
};

class RankGroup {
 public:
  // Meets the other ranks in the store and connects to each; waits at most options.timeout for them.
  explicit RankGroup(const RankOptions& options);

  // Returns after all ranks have called it.
  void barrier();

  // Allocates what `algorithm` needs. Ranks must pass a barrier() between this and the first run().
  std::unique_ptr<AllReduceOperation> prepare(Algorithm algorithm, std::span<float> input,
                                              std::span<float> output);

 private:
  std::shared_ptr<gloo::Context> context_;
};

// Gloo's message without the source positions that it opens with and on one line.
std::string tidy(std::string_view what);

}  // namespace longhaul::scenario
