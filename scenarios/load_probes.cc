// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load_probes.h"

#include <fmt/format.h>

namespace longhaul::scenario {

Probes read_probes(const topology::YamlValue& value) {
  Probes probes;
  if (value.is_scalar()) {
    probes.on = value.choice({"off", "false", "on", "true"}) >= 2;
    return probes;
  }
  const topology::YamlMap map = value.map({"stamp_every", "burst_gap"});
  if (const auto every = map.find("stamp_every"))
    probes.stamp_every = static_cast<std::uint32_t>(every->integer(0, 1'000'000));
  if (const auto gap = map.find("burst_gap")) {
    constexpr Duration kLeast = Duration::nanoseconds(1), kMost = Duration::seconds(1);
    probes.burst_gap = gap->read(topology::parse_duration, "a time such as 100 us");
    if (probes.burst_gap < kLeast || probes.burst_gap > kMost) {
      gap->fail(fmt::format("{} is out of range, allowed: {} to {}", topology::to_text(probes.burst_gap),
                            topology::to_text(kLeast), topology::to_text(kMost)));
    }
  }
  return probes;
}

}  // namespace longhaul::scenario
