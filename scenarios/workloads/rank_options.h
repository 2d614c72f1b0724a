// SPDX-License-Identifier: GPL-2.0-only
//
// The command line of longhaul-rank, parsed and validated. Sizes are bytes per rank. The runner writes it
// with rank_arguments() (rank_command.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/model.h"

namespace longhaul::scenario {

struct RankOptions {
  std::size_t rank = 0;
  std::size_t ranks = 0;
  std::string interface;
  std::string store;
  std::string run_id;
  Algorithm algorithm = Algorithm::kRing;
  std::vector<std::uint64_t> sizes;
  std::uint32_t warmup = 0;
  std::uint32_t iterations = 0;
  std::chrono::milliseconds timeout{0};
};

// The options in `argv`, or nothing after `--help` was printed; std::runtime_error says which option is
// wrong.
std::optional<RankOptions> parse_rank_options(int argc, const char* const* argv);

}  // namespace longhaul::scenario
