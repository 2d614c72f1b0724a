// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>

#include "topologies/bounds.h"
#include "topologies/load_aqm.h"
#include "topologies/load_links.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr Duration kLeastTime = Duration::picoseconds(1);

void read_one_limit(const YamlValue& value, const Scale& scale, core::ClassConfig& config) {
  constexpr std::string_view kOnce = "a second limit of this kind, allowed: one of each";
  const Limit limit =
      value.read(parse_limit, "a size (64 MiB), a time (5 ms), bdp (1 bdp) or frames (1000 frames)");
  if (limit.frames) {
    if (config.limit_frames != 0) value.fail(kOnce);
    config.limit_frames = read_frames(value, 1, limits::kMostFramesAtOnce);
  } else if (limit.size.kind == BufferSize::Kind::kTime) {
    if (config.limit_time != Duration()) value.fail(kOnce);
    config.limit_time = read_time(value, kLeastTime, limits::kLongestWait);
    check_room(value, bytes_in(scale.rate, config.limit_time), scale);
  } else {
    if (config.limit_bytes != Bytes()) value.fail(kOnce);
    config.limit_bytes = read_room(value, scale);
  }
}

core::ClassConfig read_class(const YamlValue& value, const Scale& scale) {
  const YamlMap map =
      value.map({"scheduler", "weight", "limit", "time_cap", "reserved", "alpha", "red", "codel", "pie"});
  core::ClassConfig config;
  if (const auto scheduler = map.find("scheduler")) config.strict = scheduler->choice({"drr", "strict"}) == 1;
  if (const auto weight = map.find("weight")) {
    if (config.strict) weight->fail_key("only goes with scheduler: drr");
    config.weight = static_cast<std::uint32_t>(weight->integer(1, limits::kMostWeight));
  }
  if (const auto limit = map.find("limit")) {
    if (limit->is_sequence()) {
      for (const YamlValue& one : limit->items()) read_one_limit(one, scale, config);
    } else {
      read_one_limit(*limit, scale, config);
    }
  }
  if (const auto cap = map.find("time_cap")) {
    config.time_cap = read_time(*cap, kLeastTime, limits::kLongestWait);
  }
  if (const auto reserved = map.find("reserved")) config.reserved = read_amount(*reserved, scale);
  if (const auto alpha = map.find("alpha")) config.alpha = read_number(*alpha, 0, limits::kLargestAlpha);
  config.aqm = read_aqm(map, scale);
  return config;
}

// What a list or a mapping of classes has for each; a class that a mapping leaves out has nothing.
std::vector<std::optional<YamlValue>> class_values(const YamlValue& value) {
  std::vector<std::optional<YamlValue>> values;
  if (value.is_sequence()) {
    for (const YamlValue& item : value.items()) values.emplace_back(item);
  } else {
    const YamlMap map = value.map({"0", "1", "2", "3", "4", "5", "6", "7"});
    for (std::size_t c = 0; c < core::kMostClasses; ++c) {
      if (const auto found = map.find(std::to_string(c))) {
        values.resize(c + 1);
        values[c] = *found;
      }
    }
  }
  if (values.empty() || values.size() > core::kMostClasses) {
    value.fail(fmt::format("has {} classes, allowed: 1 to {}", values.size(), core::kMostClasses));
  }
  return values;
}

void check_reserved(const YamlValue& value, Bytes so_far, Bytes buffer) {
  if (so_far <= buffer) return;
  value.fail(fmt::format("the classes reserve {} together, allowed: up to the buffer of {}", to_text(so_far),
                         to_text(buffer)));
}

std::vector<core::ClassConfig> read_classes(const YamlValue& value, Bytes buffer, const Scale& scale) {
  std::vector<core::ClassConfig> classes;
  Bytes reserved;
  for (const auto& one : class_values(value)) {
    classes.push_back(one ? read_class(*one, scale) : core::ClassConfig{});
    reserved += classes.back().reserved;
    if (one) check_reserved(*one, reserved, buffer);
  }
  return classes;
}

struct Range {
  std::size_t first = 0, last = 0;
};

// `24` or `24-31`, at most `most`.
Range read_range(const YamlValue& value, std::size_t most) {
  const std::string allowed = fmt::format("0 to {}, or a range such as 2-3", most);
  const std::string& text = value.text(allowed);
  const char* const end = text.data() + text.size();
  Range range;
  auto read = std::from_chars(text.data(), end, range.first);
  range.last = range.first;
  if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-') {
    read = std::from_chars(read.ptr + 1, end, range.last);
  }
  if (read.ec != std::errc{} || read.ptr != end || range.last > most || range.first > range.last) {
    value.fail(fmt::format("{} is not valid, allowed: {}", in_quotes(text), allowed));
  }
  return range;
}

// Fills `class_of` from `map`, class -> values; a value that is not there goes to class 0.
void read_map(const YamlValue& value, std::size_t classes, std::span<std::uint8_t> class_of) {
  std::array<bool, 64> taken{};
  const YamlMap map = value.map({"0", "1", "2", "3", "4", "5", "6", "7"});
  for (std::size_t c = 0; c < core::kMostClasses; ++c) {
    const auto found = map.find(std::to_string(c));
    if (!found) continue;
    if (c >= classes) {
      found->fail_key(fmt::format("class {} is not there, allowed: 0 to {}", c, classes - 1));
    }
    const auto items = found->is_scalar() ? std::vector<YamlValue>{*found} : found->items();
    for (const YamlValue& item : items) {
      const Range range = read_range(item, class_of.size() - 1);
      for (std::size_t i = range.first; i <= range.last; ++i) {
        if (taken[i]) item.fail(fmt::format("{} has a class already, allowed: each value once", i));
        taken[i] = true;
        class_of[i] = static_cast<std::uint8_t>(c);
      }
    }
  }
}

void read_key(const YamlMap& map, core::QueueConfig& queues) {
  if (const auto by = map.find("by")) {
    constexpr std::array kKeys{core::ClassKey::kNone, core::ClassKey::kPcp, core::ClassKey::kDscp};
    queues.key = kKeys[by->choice({"none", "pcp", "dscp"})];
  }
  const auto values = map.find("map");
  if (queues.key == core::ClassKey::kNone) {
    if (values) values->fail_key("only goes with by: pcp or by: dscp");
  } else if (values) {
    const bool by_pcp = queues.key == core::ClassKey::kPcp;
    read_map(*values, queues.classes.size(),
             by_pcp ? std::span<std::uint8_t>(queues.class_of_pcp) : queues.class_of_dscp);
  } else if (queues.key == core::ClassKey::kPcp && queues.classes.size() == core::kMostClasses) {
    for (std::uint8_t pcp = 0; pcp < core::kMostClasses; ++pcp) queues.class_of_pcp[pcp] = pcp;
  } else {
    map.fail("map", "missing, allowed: the values of each class, for example {1: [4, 6-7]}");
  }
}

// Both parts of the chip, what waits and what is on its way out, must hold a frame.
core::TwoTier read_tiers(const YamlValue& value, Bytes buffer, const Scale& scale) {
  const YamlMap map = value.map({"on_chip", "bandwidth", "staging"});
  core::TwoTier tiers;
  const YamlValue on_chip = map.need("on_chip", "a size such as 16 MiB");
  tiers.on_chip = read_amount(on_chip, scale);
  if (tiers.on_chip > buffer) {
    on_chip.fail(fmt::format("{} is more than the buffer, allowed: up to {}", to_text(tiers.on_chip),
                             to_text(buffer)));
  }
  const auto staging = map.find("staging");
  const bool given = staging && !is_auto(*staging);
  if (given) tiers.staging = read_room(*staging, scale);
  const Bytes least = given ? tiers.staging + scale.largest_frame : Bytes(4 * scale.largest_frame.count());
  if (tiers.on_chip < least) {
    on_chip.fail(fmt::format("{} is less than {}, allowed: {} or more", to_text(tiers.on_chip),
                             given ? "staging and a largest frame" : "four largest frames", to_text(least)));
  }
  tiers.bandwidth = read_rate(map.need("bandwidth", "a rate such as 100 Gbit/s"));
  return tiers;
}

}  // namespace

core::QueueConfig read_queues(const YamlValue& value, Bytes buffer, const Scale& scale) {
  const YamlMap map = value.map({"classes", "by", "map", "tiers"});
  core::QueueConfig queues;
  if (const auto classes = map.find("classes")) queues.classes = read_classes(*classes, buffer, scale);
  read_key(map, queues);
  if (const auto tiers = map.find("tiers")) queues.tiers = read_tiers(*tiers, buffer, scale);
  return queues;
}

core::Waves read_waves(const YamlValue& value) {
  core::Waves waves;
  if (value.is_scalar()) {
    waves.members = static_cast<std::uint32_t>(value.integer(1, limits::kMostWaves));
    return waves;
  }
  const YamlMap map = value.map({"members", "skew"});
  const YamlValue members = map.need("members", fmt::format("1 to {}", limits::kMostWaves));
  waves.members = static_cast<std::uint32_t>(members.integer(1, limits::kMostWaves));
  if (const auto skew = map.find("skew")) {
    for (const YamlValue& one : skew->items()) {
      waves.skew.push_back(read_time(one, Duration(), limits::kLongestSkew));
    }
    if (waves.skew.size() != waves.members) {
      skew->fail(fmt::format("has {} entries, allowed: one for each of the {} members", waves.skew.size(),
                             waves.members));
    }
  }
  return waves;
}

}  // namespace longhaul::topology
