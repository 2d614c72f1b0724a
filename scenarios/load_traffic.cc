// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load_traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "topologies/bounds.h"
#include "topologies/data_file.h"
#include "topologies/traffic/background.h"

namespace longhaul::scenario {
namespace {

using topology::to_text;
using topology::YamlMap;
using topology::YamlValue;
using Keys = std::vector<std::string_view>;

constexpr std::uint32_t kMostSenders = 10'000, kMostBulkFlows = 10'000;
constexpr Bytes kLargestBurst{std::uint64_t{1} << 30};
constexpr double kMostLoad = 10, kMostScale = 1'000, kLeastShape = 1.05, kMostShape = 100;
constexpr Duration kShortest = Duration::microseconds(1), kShortestDay = Duration::milliseconds(10);
constexpr std::uint32_t kUsualPacket = 1'500;

// By Kind's index.
const std::array<Keys, std::variant_size_v<traffic::Kind>> kKeysOfKind{
    Keys{"rate", "load"},
    Keys{"rate", "load"},
    Keys{"rate", "load", "on_time", "off_time", "times", "shape"},
    Keys{"rate", "load", "peak", "sizes"},
    Keys{"senders", "burst", "period"},
    Keys{"flows"}};

Keys joined(Keys keys, const Keys& more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

const Keys& common_keys() {
  static const Keys keys{"kind", "packet", "profile", "start", "stop"};
  return keys;
}

template <typename Quantity>
void check(const YamlValue& value, Quantity got, Quantity least, Quantity most) {
  if (got >= least && got <= most) return;
  value.fail(
      fmt::format("{} is out of range, allowed: {} to {}", to_text(got), to_text(least), to_text(most)));
}

Duration read_time(const YamlValue& value, Duration least, Duration most = topology::limits::kLatestEvent) {
  const Duration time = value.read(topology::parse_duration, "a time such as 3 s");
  check(value, time, least, most);
  return time;
}

double read_number(const YamlValue& value, double least, double most) {
  const double number = value.read(topology::parse_number, "a number such as 1.5");
  check(value, number, least, most);
  return number;
}

// Unlike a probability it may be above 1: an overload.
double read_load(const YamlValue& value) {
  std::string_view written = value.text("a load such as 60 % or 0.6");
  const auto percent = written.find_last_not_of(' ');
  const bool in_percent = percent != std::string_view::npos && written[percent] == '%';
  if (in_percent) written = written.substr(0, percent);
  double load = 0;
  try {
    load = topology::parse_number(written) / (in_percent ? 100 : 1);
  } catch (const topology::QuantityError& e) {
    value.fail(fmt::format("{}, allowed: a load such as 60 % or 0.6", e.what()));
  }
  if (!(load > 0) || load > kMostLoad) {
    value.fail(
        fmt::format("{} is out of range, allowed: above 0 to {} times the slowest link", load, kMostLoad));
  }
  return load;
}

BitRate read_rate(const YamlMap& map, std::uint32_t packet, const topology::Topology& topology,
                  const std::vector<topology::Hop>& way) {
  const auto rate = map.find("rate"), load = map.find("load");
  if (rate && load) load->fail_key("and rate are both given, allowed: one of them");
  if (!rate && !load) map.fail("rate", "is missing, allowed: a rate such as 6 Gbit/s, or load: 60 %");
  if (rate) {
    const BitRate given = rate->read(topology::parse_rate, "a rate such as 6 Gbit/s");
    check(*rate, given, topology::limits::kLeastRate, topology::limits::kMostRate);
    return given;
  }
  const double bps = read_load(*load) * traffic::full_rate(topology, way, packet);
  return BitRate::bits_per_second(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(bps))));
}

traffic::SizeLaw read_sizes(const YamlValue& value) {
  if (!value.is_map()) {
    const std::string& name = value.text("a file of sizes, or {points: \"0 0; 10000 15; 30000 100\"}");
    return topology::parse_file(value, name, "sizes", traffic::parse_size_law);
  }
  const YamlValue points = value.map({"points"}).need("points", "text such as \"0 0; 10000 15; 30000 100\"");
  return topology::parse_in_place(points, "sizes and percentages", traffic::parse_size_law);
}

traffic::Kind read_on_off(const YamlMap& map, BitRate rate) {
  traffic::OnOff kind{rate, {}, {}};
  kind.on = read_time(map.need("on_time", "a time such as 10 ms"), kShortest);
  kind.off = read_time(map.need("off_time", "a time such as 30 ms"), kShortest);
  const auto times = map.find("times"), shape = map.find("shape");
  if (times && times->choice({"exponential", "pareto"}) == 1) kind.law = traffic::OnOff::Law::kPareto;
  if (shape && kind.law != traffic::OnOff::Law::kPareto)
    shape->fail_key("is of Pareto times only, allowed: times: pareto");
  if (shape) kind.shape = read_number(*shape, kLeastShape, kMostShape);
  return kind;
}

traffic::Kind read_incast(const YamlMap& map) {
  traffic::Incast kind;
  kind.senders = static_cast<std::uint32_t>(map.need("senders", "a whole number").integer(1, kMostSenders));
  const YamlValue burst = map.need("burst", "a size such as 64 KiB");
  kind.burst = burst.read(topology::parse_size, "a size such as 64 KiB");
  check(burst, kind.burst, Bytes(1), kLargestBurst);
  kind.period = read_time(map.need("period", "a time such as 10 ms"), kShortest);
  return kind;
}

traffic::Kind read_kind(std::size_t index, const YamlMap& map, std::uint32_t packet,
                        const topology::Topology& topology, const std::vector<topology::Hop>& way) {
  if (index == 5)
    return traffic::Bulk{
        static_cast<std::uint32_t>(map.need("flows", "a whole number").integer(1, kMostBulkFlows))};
  if (index == 4) return read_incast(map);
  const BitRate rate = read_rate(map, packet, topology, way);
  if (index == 0) return traffic::Constant{rate};
  if (index == 1) return traffic::Poisson{rate};
  if (index == 2) return read_on_off(map, rate);
  const YamlValue peak = map.need("peak", "a rate such as 10 Gbit/s");
  traffic::Flows kind{rate, peak.read(topology::parse_rate, "a rate such as 10 Gbit/s"), {}};
  check(peak, kind.peak, topology::limits::kLeastRate, topology::limits::kMostRate);
  kind.sizes = read_sizes(map.need("sizes", "a file of sizes"));
  return kind;
}

std::vector<traffic::Profile::Step> read_steps(const YamlValue& value) {
  std::vector<traffic::Profile::Step> steps;
  for (const YamlValue& item : value.items()) {
    const YamlMap map = item.map({"at", "scale"});
    const YamlValue at = map.need("at", "a time such as 3 s");
    const traffic::Profile::Step step{read_time(at, Duration()),
                                      read_number(map.need("scale", "a number such as 2"), 0, kMostScale)};
    if (!steps.empty() && step.at <= steps.back().at) {
      at.fail(fmt::format("{} does not follow {}, allowed: times in ascending order", to_text(step.at),
                          to_text(steps.back().at)));
    }
    if (steps.size() == topology::limits::kMostEvents)
      item.fail(fmt::format("is one more than {}", topology::limits::kMostEvents));
    steps.push_back(step);
  }
  return steps;
}

traffic::Profile read_profile(const YamlValue& value) {
  traffic::Profile profile;
  if (value.is_sequence()) {
    profile.steps = read_steps(value);
    return profile;
  }
  if (!value.is_map())
    value.fail("is no profile, allowed: [{at: 3 s, scale: 2}] or {period: 60 s, depth: 0.5}");
  const YamlMap map = value.map({"steps", "period", "depth"});
  if (const auto steps = map.find("steps")) profile.steps = read_steps(*steps);
  const auto period = map.find("period"), depth = map.find("depth");
  if (period.has_value() != depth.has_value()) {
    period ? map.fail("depth", "is missing beside period, allowed: a number from 0 to 1")
           : map.fail("period", "is missing beside depth, allowed: a time such as 60 s");
  }
  if (period) profile.period = read_time(*period, kShortestDay);
  if (depth) profile.depth = read_number(*depth, 0, 1);
  return profile;
}

}  // namespace

std::vector<std::string_view> traffic_keys(std::vector<std::string_view> own) {
  own = joined(std::move(own), common_keys());
  for (const Keys& keys : kKeysOfKind) {
    for (const std::string_view key : keys) {
      if (std::find(own.begin(), own.end(), key) == own.end()) own.push_back(key);
    }
  }
  return own;
}

traffic::SourceConfig read_traffic(const YamlValue& value, const std::vector<std::string_view>& own,
                                   const topology::Topology& topology,
                                   const std::vector<topology::Hop>& way) {
  const std::size_t kind = value.map(traffic_keys(own))
                               .need("kind", "constant, poisson, on-off, flows, incast or bulk")
                               .choice({"constant", "poisson", "on-off", "flows", "incast", "bulk"});
  const YamlMap map = value.map(joined(joined(own, common_keys()), kKeysOfKind[kind]));
  traffic::SourceConfig config;
  const auto largest = static_cast<std::uint32_t>(topology.largest_frame().count());
  config.packet = std::min(kUsualPacket, largest);
  if (const auto packet = map.find("packet")) {
    const Bytes size = packet->read(topology::parse_size, "a size such as 1500 B");
    check(*packet, size, Bytes(traffic::kLeastPacket), Bytes(largest));
    config.packet = static_cast<std::uint32_t>(size.count());
  }
  config.kind = read_kind(kind, map, config.packet, topology, way);
  if (const auto profile = map.find("profile")) config.profile = read_profile(*profile);
  if (const auto start = map.find("start")) config.start = Instant::at(read_time(*start, Duration()));
  const auto stop = map.find("stop");
  if (stop) config.stop = Instant::at(read_time(*stop, Duration()));
  if (stop && config.stop <= config.start) {
    stop->fail(fmt::format("{} is not after the start ({}), allowed: a later time",
                           to_text(config.stop.since_zero()), to_text(config.start.since_zero())));
  }
  return config;
}

}  // namespace longhaul::scenario
