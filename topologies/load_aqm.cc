// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_aqm.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

namespace aqm = core::aqm;

constexpr Duration kLeastTime = Duration::picoseconds(1);

aqm::Red read_red(const YamlMap& map, const Scale& scale) {
  constexpr std::string_view kAllowed = "a size (64 MiB), a time (5 ms) or bdp (1 bdp)";
  aqm::Red red;
  red.min = read_amount(map.need("min", kAllowed), scale);
  const YamlValue max = map.need("max", kAllowed);
  red.max = read_amount(max, scale);
  if (red.max < red.min) {
    max.fail(fmt::format("{} is less than min, allowed: {} or more", to_text(red.max), to_text(red.min)));
  }
  if (const auto probability = map.find("probability")) red.max_probability = read_probability(*probability);
  if (const auto average = map.find("average")) {
    red.average_shift = static_cast<unsigned>(average->integer(0, limits::kMostAverageShift));
  }
  if (const auto at = map.find("at")) red.at_dequeue = at->choice({"enqueue", "dequeue"}) == 1;
  return red;
}

aqm::Red read_red_section(const YamlValue& value, const Scale& scale) {
  const YamlMap map = value.map({"min", "max", "probability", "average", "ecn", "at"});
  aqm::Red red = read_red(map, scale);
  if (const auto ecn = map.find("ecn")) red.ecn = read_flag(*ecn);
  return red;
}

aqm::Codel read_codel(const YamlValue& value) {
  const YamlMap map = value.map({"target", "interval", "ecn"});
  aqm::Codel codel;
  if (const auto interval = map.find("interval")) {
    codel.interval = read_time(*interval, kLeastTime, limits::kLongestWait);
  }
  const auto target = map.find("target");
  if (target) codel.target = read_time(*target, kLeastTime, limits::kLongestWait);
  if (codel.target > codel.interval) {
    const std::string message =
        fmt::format("a target of {} is more than the interval of {}, allowed: up to the interval",
                    to_text(codel.target), to_text(codel.interval));
    (target ? *target : value).fail(message);
  }
  if (const auto ecn = map.find("ecn")) codel.ecn = read_flag(*ecn);
  return codel;
}

aqm::Pie read_pie(const YamlValue& value) {
  const YamlMap map = value.map({"target", "update", "alpha", "beta", "burst", "ecn"});
  aqm::Pie pie;
  const auto time = [&](std::string_view key, Duration least, Duration& field) {
    if (const auto found = map.find(key)) field = read_time(*found, least, limits::kLongestWait);
  };
  const auto number = [&](std::string_view key, double& field) {
    if (const auto found = map.find(key)) field = read_number(*found, 0, limits::kLargestGain);
  };
  time("target", kLeastTime, pie.target);
  time("update", limits::kShortestPeriod, pie.update);
  time("burst", Duration(), pie.burst);
  number("alpha", pie.alpha);
  number("beta", pie.beta);
  if (const auto ecn = map.find("ecn")) pie.ecn = read_flag(*ecn);
  return pie;
}

}  // namespace

core::Aqm read_aqm(const YamlMap& map, const Scale& scale) {
  core::Aqm chosen;
  std::optional<std::string_view> first;
  for (const std::string_view key : {"red", "codel", "pie"}) {
    const auto value = map.find(key);
    if (!value) continue;
    if (first) value->fail_key(fmt::format("given beside {}, allowed: one of the two", *first));
    first = key;
    if (key == "red") {
      chosen = read_red_section(*value, scale);
    } else if (key == "codel") {
      chosen = read_codel(*value);
    } else {
      chosen = read_pie(*value);
    }
  }
  return chosen;
}

core::aqm::Red read_ecn(const YamlValue& value, const Scale& scale) {
  return read_red(value.map({"min", "max", "probability", "average", "at"}), scale);
}

}  // namespace longhaul::topology
