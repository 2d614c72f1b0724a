// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/inline_exchange.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "emulator/core/line_effects.h"
#include "emulator/dataplane/engine.h"

namespace longhaul::dataplane {
namespace {

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

[[noreturn]] void refuse(const DirectionConfig& direction, std::string_view why) {
  throw std::runtime_error(fmt::format("cannot drive link {} in ns-3: {}", direction.owner.link, why));
}

bool has_both_directions(const EngineConfig& config, std::uint32_t link) {
  return std::count_if(config.directions.begin(), config.directions.end(),
                       [link](const DirectionConfig& d) { return d.is_inline && d.owner.link == link; }) == 2;
}

}  // namespace

Duration hold_of(const core::LinkConfig& config, Duration most) {
  Duration least = config.delay;
  for (const core::Event& event : config.timeline.events) {
    least = std::min(least, event.change.delay.value_or(least));
  }
  for (const core::Trace::Row& row : config.timeline.trace.rows) {
    least = std::min(least, row.change.delay.value_or(least));
  }
  for (std::uint32_t wave = 0; wave < config.waves.members; ++wave) {
    most = std::min(most,
                    core::LineEffects(config, wave, {}, 0).least_delay({.delay = least, .dark_since = {}}));
  }
  return most;
}

std::vector<std::uint32_t> inline_ways(const EngineConfig& config, std::uint32_t direction) {
  std::vector<std::uint32_t> ways{direction};
  for (std::size_t to = 0; to < config.sites.size(); ++to) {
    std::vector<std::uint32_t> here{direction};
    for (std::size_t i = 0; i < here.size(); ++i) {
      const DirectionConfig& on = config.directions[here[i]];
      if (on.to_site == to || !contains(config.sites[on.from_site].next_hops[to], here[i])) continue;
      for (const std::uint32_t next : config.sites[on.to_site].next_hops[to]) {
        if (config.directions[next].is_inline && !contains(here, next)) here.push_back(next);
      }
    }
    for (const std::uint32_t way : here) {
      if (!contains(ways, way)) ways.push_back(way);
    }
  }
  return ways;
}

void check_inline(const EngineConfig& config) {
  std::optional<std::size_t> lcore;
  for (const DirectionConfig& direction : config.directions) {
    if (!direction.is_inline) continue;
    if (config.inline_exchange == nullptr) refuse(direction, "no simulator was given to the data plane");
    if (!has_both_directions(config, direction.owner.link))
      refuse(direction, "one of its directions is not to be; name the link, which means both");
    if (!direction.hooks.empty())
      refuse(direction, "it has hooks; they need the bytes, put them on another link");
    if (direction.link.far_end.rate != BitRate())
      refuse(direction, "it has a far end with a rate of its own; leave far_end out");
    for (const std::size_t site : {direction.from_site, direction.to_site}) {
      if (config.sites[site].lcore != lcore.value_or(config.sites[site].lcore))
        refuse(direction, "the sites of inline links are on several lcores; use one lcore");
      lcore = config.sites[site].lcore;
    }
  }
}

}  // namespace longhaul::dataplane
