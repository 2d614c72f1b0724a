// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "topologies/bounds.h"
#include "topologies/jitter_table.h"
#include "topologies/link_values.h"
#include "topologies/quantity.h"
#include "topologies/trace_file.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kProbability = "a probability such as 1e-5 or 0.01 %";
constexpr std::string_view kShapes = "uniform, normal, pareto, paretonormal, or a file NAME.dist";

// `key` of `map` as `read` reads it, or what it is without.
template <typename T, typename Read>
T take_or(const YamlMap& map, std::string_view key, T without, Read read) {
  const auto value = map.find(key);
  return value ? static_cast<T>(read(*value)) : without;
}

auto time_up_to(Duration most) {
  return [most](const YamlValue& value) { return read_time(value, Duration(), most); };
}

auto whole(std::uint64_t least, std::uint64_t most) {
  return [least, most](const YamlValue& value) { return value.integer(least, most); };
}

double read_correlation(const YamlValue& value) {
  const double correlation = read_probability(value);
  if (correlation >= 1) value.fail(fmt::format("{} is too much, allowed: less than 1", to_text(correlation)));
  return correlation;
}

void read_shape(const YamlValue& value, core::Jitter& jitter) {
  const std::string& word = value.text(kShapes);
  if (word.ends_with(".dist")) {
    jitter.shape = core::JitterShape::kTable;
    jitter.table = read_jitter_file(value, word);
  } else if (word == "uniform") {
    jitter.shape = core::JitterShape::kUniform;
  } else if (word == "normal") {
    jitter.shape = core::JitterShape::kNormal;
  } else if (word == "pareto") {
    jitter.shape = core::JitterShape::kPareto;
  } else if (word == "paretonormal") {
    jitter.shape = core::JitterShape::kParetoNormal;
  } else {
    value.fail(fmt::format("{} is not known, allowed: {}", in_quotes(word), kShapes));
  }
}

// With --set, a table or shape that the file gives makes room for the other.
void read_shape_or_table(const YamlMap& map, core::Jitter& jitter) {
  const auto shape = map.find("shape");
  const auto table = map.find("table");
  if (shape && table && shape->rank() == table->rank()) {
    table->fail_key("given beside shape, allowed: one of the two");
  }
  if (table && (!shape || table->rank() > shape->rank())) {
    jitter.shape = core::JitterShape::kTable;
    jitter.table = parse_in_place(*table, "whole numbers such as -8192 0 8192", parse_jitter_table);
  } else if (shape) {
    read_shape(*shape, jitter);
  }
}

struct DriftUnit {
  std::string_view name;
  std::uint64_t ps_per_s;
};
constexpr DriftUnit kDriftUnits[] = {
    {"ps/s", 1}, {"ns/s", 1'000}, {"us/s", 1'000'000}, {"ms/s", 1'000'000'000}};

std::int64_t parse_drift(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view rest = text.substr(negative ? 1 : 0);
  const Decimal number = take_decimal(rest, text);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  for (const DriftUnit& unit : kDriftUnits) {
    if (rest != unit.name) continue;
    const std::uint64_t drift = scaled(number, unit.ps_per_s, std::uint64_t{1} << 62, text, "1 ps/s");
    return negative ? -static_cast<std::int64_t>(drift) : static_cast<std::int64_t>(drift);
  }
  throw QuantityError(
      fmt::format("{} is not a drift, allowed: a number with ps/s, ns/s, us/s or ms/s", in_quotes(text)));
}

}  // namespace

Bytes read_overhead(const YamlValue& value) {
  constexpr std::string_view kNeeded = "a size such as 32 B, or macsec, ipsec, vxlan";
  const std::string& word = value.text(kNeeded);
  if (word == "macsec") return Bytes(32);
  if (word == "ipsec") return Bytes(73);
  if (word == "vxlan") return Bytes(50);
  if (!word.empty() && word.front() >= 'a' && word.front() <= 'z') {
    value.fail(fmt::format("{} is not known, allowed: {}", in_quotes(word), kNeeded));
  }
  const Bytes overhead = value.read(parse_size, kNeeded);
  if (overhead > limits::kLargestOverhead) {
    value.fail(fmt::format("{} is out of range, allowed: 0 B to {}", to_text(overhead),
                           to_text(limits::kLargestOverhead)));
  }
  return overhead;
}

std::vector<std::int16_t> read_jitter_file(const YamlValue& value, std::string_view name) {
  return parse_file(value, name, "dist", parse_jitter_table);
}

core::Jitter read_jitter(const YamlValue& value) {
  core::Jitter jitter;
  const auto read_scale = time_up_to(limits::kMostJitter);
  if (!value.is_map()) {
    jitter.scale = read_scale(value);
    return jitter;
  }
  const YamlMap map = value.map({"scale", "shape", "correlation", "table"});
  jitter.scale = read_scale(map.need("scale", "a time such as 100 us"));
  jitter.correlation = take_or(map, "correlation", 0.0, read_correlation);
  read_shape_or_table(map, jitter);
  return jitter;
}

core::Order read_order(const YamlValue& value) {
  return value.choice({"kept", "free"}) == 0 ? core::Order::kKept : core::Order::kFree;
}

std::int64_t read_drift(const YamlValue& value) {
  const std::int64_t drift = value.read(parse_drift, "a drift such as 3 ns/s");
  if (drift > limits::kMostDrift || drift < -limits::kMostDrift) {
    value.fail(fmt::format("{} ps/s is out of range, allowed: -1 ms/s to 1 ms/s", drift));
  }
  return drift;
}

core::Reorder read_reorder(const YamlValue& value) {
  core::Reorder reorder;
  if (!value.is_map()) {
    reorder.probability = read_probability(value);
    return reorder;
  }
  const YamlMap map = value.map({"probability", "gap", "hold"});
  reorder.probability = read_probability(map.need("probability", kProbability));
  reorder.gap = take_or(map, "gap", reorder.gap, whole(1, limits::kMostGap));
  reorder.hold = take_or(map, "hold", reorder.hold, time_up_to(limits::kLongestDelay));
  return reorder;
}

core::Duplicate read_duplicate(const YamlValue& value) {
  core::Duplicate duplicate;
  if (!value.is_map()) {
    duplicate.probability = read_probability(value);
    return duplicate;
  }
  const YamlMap map = value.map({"probability", "extra_delay"});
  duplicate.probability = read_probability(map.need("probability", kProbability));
  duplicate.extra_delay =
      take_or(map, "extra_delay", duplicate.extra_delay, time_up_to(limits::kLongestDelay));
  return duplicate;
}

core::Corrupt read_corrupt(const YamlValue& value) {
  core::Corrupt corrupt;
  if (!value.is_map()) {
    corrupt.probability = read_probability(value);
    return corrupt;
  }
  const YamlMap map = value.map({"probability", "bits", "region", "deliver"});
  corrupt.probability = read_probability(map.need("probability", kProbability));
  corrupt.bits = take_or(map, "bits", corrupt.bits, whole(1, limits::kMostCorruptBits));
  corrupt.region = take_or(map, "region", corrupt.region, [](const YamlValue& v) {
    return v.choice({"any", "header", "payload"});
  });
  corrupt.deliver = take_or(map, "deliver", corrupt.deliver, read_flag);
  return corrupt;
}

core::BitErrors read_bit_errors(const YamlValue& value) {
  core::BitErrors errors;
  if (!value.is_map()) {
    errors.rate = read_probability(value);
    return errors;
  }
  const YamlMap map = value.map({"rate", "deliver"});
  errors.rate = read_probability(map.need("rate", "a probability such as 1e-12"));
  errors.deliver = take_or(map, "deliver", errors.deliver, read_flag);
  return errors;
}

Netem read_netem(const YamlValue& value) {
  const Distribution distribution = [&](std::string_view name) {
    return read_jitter_file(value,
                            name.ends_with(".dist") ? std::string(name) : fmt::format("{}.dist", name));
  };
  return value.read([&](std::string_view words) { return parse_netem(words, distribution); },
                    "netem's words such as delay 5ms 100us loss 1%");
}

}  // namespace longhaul::topology
