// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_command.h"

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>

namespace longhaul::scenario {
std::vector<std::string> rank_arguments(const Collective& workload, const RankLaunch& launch) {
  constexpr std::int64_t kPsPerMs = 1'000'000'000;
  std::string sizes;
  for (const Bytes size : workload.sizes)
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ",", size.count());
  return {launch.program,
          fmt::format("--rank={}", launch.rank),
          fmt::format("--size={}", launch.ranks),
          fmt::format("--interface={}", launch.interface),
          fmt::format("--store={}", launch.store),
          fmt::format("--run-id={}", launch.run_id),
          fmt::format("--algorithm={}", name(workload.algorithm)),
          fmt::format("--sizes={}", sizes),
          fmt::format("--warmup={}", workload.warmup),
          fmt::format("--iterations={}", workload.iterations),
          fmt::format("--timeout-ms={}", (launch.timeout.ps() + kPsPerMs - 1) / kPsPerMs)};
}

Duration collective_timeout(Duration rtt, Bytes size, double goodput_bytes_per_s, std::size_t ranks) {
  if (!(goodput_bytes_per_s > 0) || ranks < 2) {
    throw std::invalid_argument(
        fmt::format("time-out of a collective: goodput {} B/s and {} ranks, must be above 0 and at least 2",
                    goodput_bytes_per_s, ranks));
  }
  const double n = static_cast<double>(ranks);
  const double transfer_s = 2 * (n - 1) / n * static_cast<double>(size.count()) / goodput_bytes_per_s;
  const double predicted_s = transfer_s + 2 * (n - 1) * rtt.to_seconds();
  return Duration::from_seconds(5 + 10 * predicted_s + 50 * rtt.to_seconds());
}

}  // namespace longhaul::scenario
