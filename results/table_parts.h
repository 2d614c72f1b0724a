// SPDX-License-Identifier: GPL-2.0-only
//
// What the parts of the report (table.h) share: how wide names are and how figures are written.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "results/run_record.h"

namespace longhaul::results {

inline constexpr std::size_t kNameWidth = 24;
inline constexpr std::size_t kPathWidth = 36;

inline std::string path_name(const DirectionResult& direction) {
  return fmt::format("{}: {} -> {}", direction.link, direction.from, direction.to);
}

// Of the sizes at which the hosts had no CPU to spare; empty when there are none.
std::string busy_hosts_text(const RunRecord& record);

inline std::string microseconds(std::int64_t ns) {
  return fmt::format("{:.1f}", static_cast<double>(ns) / 1000);
}

}  // namespace longhaul::results
