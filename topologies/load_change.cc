// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_change.h"

#include <fmt/format.h>

#include "topologies/bounds.h"
#include "topologies/load_links.h"
#include "topologies/load_route.h"
#include "topologies/quantity.h"

namespace longhaul::topology {

BitRate read_rate_or_zero(const YamlValue& value) {
  if (value.read(parse_rate, "a rate such as 1 Gbit/s, or 0 bit/s") == BitRate()) return {};
  return read_rate(value);
}

Bytes read_new_buffer(const YamlValue& value, const core::LinkConfig& link, const Scale& scale) {
  const Bytes buffer = read_room(value, scale);
  Bytes reserved;
  for (const core::ClassConfig& one : link.queues.classes) reserved += one.reserved;
  if (buffer < reserved) {
    value.fail(fmt::format("{} is less than the classes reserve, allowed: {} or more", to_text(buffer),
                           to_text(reserved)));
  }
  return buffer;
}

std::uint32_t read_wave(const YamlMap& map, const core::LinkConfig& link) {
  const std::uint32_t last = link.waves.members - 1;
  const YamlValue index = map.need("index", fmt::format("the number of a wave from 0 to {}", last));
  return static_cast<std::uint32_t>(index.integer(0, last));
}

std::uint8_t read_storm(const YamlValue& value, const core::LinkConfig& link) {
  const std::uint8_t classes = read_class_set(value, link.queues.classes.size());
  const unsigned lossy = classes & ~unsigned{link.far_end.pfc.classes};
  for (unsigned c = 0; c < core::kMostClasses; ++c) {
    if ((lossy >> c & 1u) != 0) {
      value.fail(fmt::format("class {} is not lossless, allowed: those of far_end.pfc.classes", c));
    }
  }
  return classes;
}

std::uint64_t read_burst(const YamlValue& value) {
  return read_frames(value, 1, limits::kMostFramesAtOnce);
}

core::Change read_change(const YamlValue& value, const core::LinkConfig& link, const Scale& scale) {
  const YamlMap map = value.map(
      {"rate", "delay", "new_route", "loss", "buffer", "dark", "blackhole", "burst", "member", "storm"});
  core::Change change;
  if (const auto rate = map.find("rate")) change.rate = read_rate_or_zero(*rate);
  if (const auto delay = map.find("delay")) change.delay = read_delay(*delay);
  if (const auto route = map.find("new_route")) {
    change.new_route = read_flag(*route);
    if (!change.delay) route->fail_key("only goes with delay");
  }
  if (const auto loss = map.find("loss")) change.loss = read_probability(*loss);
  if (const auto buffer = map.find("buffer")) change.buffer = read_new_buffer(*buffer, link, scale);
  if (const auto dark = map.find("dark")) change.dark = read_flag(*dark);
  if (const auto blackhole = map.find("blackhole")) change.blackhole = read_flag(*blackhole);
  if (const auto burst = map.find("burst")) change.burst = read_burst(*burst);
  if (const auto found = map.find("member")) {
    const YamlMap member = found->map({"index", "up"});
    change.member =
        core::Change::Member{read_wave(member, link), read_flag(member.need("up", "false, true"))};
  }
  if (const auto storm = map.find("storm")) change.storm = read_storm(*storm, link);
  if (change == core::Change{}) value.fail("changes nothing, allowed: at least one change");
  return change;
}

core::Reserve read_reserve(const std::optional<YamlValue>& shared, const std::optional<YamlValue>& own,
                           const core::LinkConfig& link, const Scale& scale) {
  const auto keys = [](const std::optional<YamlValue>& at) {
    return at ? std::optional(at->map({"rate", "delay", "buffer"})) : std::nullopt;
  };
  const std::optional<YamlMap> levels[] = {keys(own), keys(shared)};
  // What `read` makes of `key` where it is given first; `configured` is the least that may be reserved.
  const auto take = [&](std::string_view key, auto configured, auto read) {
    for (const auto& level : levels) {
      const auto value = level ? level->find(key) : std::nullopt;
      if (!value) continue;
      const auto most = read(*value);
      if (most < configured) {
        value->fail(fmt::format("{} is less than the link is configured with, allowed: {} or more",
                                to_text(most), to_text(configured)));
      }
      return most;
    }
    return decltype(configured)();
  };
  const auto amount = [&](const YamlValue& value) { return read_amount(value, scale); };
  return {take("rate", link.rate, read_rate), take("delay", link.delay, read_delay),
          take("buffer", link.buffer, amount)};
}

}  // namespace longhaul::topology
