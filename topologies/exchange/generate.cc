// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "topologies/bounds.h"
#include "topologies/config_error.h"
#include "topologies/exchange/shapes.h"
#include "topologies/quantity.h"
#include "topologies/raw_yaml.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {
namespace {

[[noreturn]] void fail(const Shape& shape, std::string_view parameter, std::string_view message) {
  throw ConfigError(fmt::format("generate {}: {}: {}", shape.name, parameter, message));
}

std::string range_text(const Parameter& parameter) {
  switch (parameter.unit) {
    case Unit::kCount:
      return fmt::format("{} to {}", parameter.least, parameter.most);
    case Unit::kEvenCount:
      return fmt::format("{} to {}, even", parameter.least, parameter.most);
    case Unit::kRate:
      return fmt::format("{} to {}", to_text(limits::kLeastRate), to_text(limits::kMostRate));
    case Unit::kDelay:
      return fmt::format("0 s to {}", to_text(limits::kLongestDelay));
    case Unit::kDistance:
      break;
  }
  return fmt::format("1 m to {}", to_text(kLongestFibre));
}

Value read(const Parameter& parameter, const std::string& text) {
  Value value;
  bool allowed = false;
  switch (parameter.unit) {
    case Unit::kCount:
    case Unit::kEvenCount:
      value.count = parse_integer(text);
      allowed = value.count >= parameter.least && value.count <= parameter.most &&
                (parameter.unit == Unit::kCount || value.count % 2 == 0);
      break;
    case Unit::kRate:
      value.rate = parse_rate(text);
      allowed = value.rate >= limits::kLeastRate && value.rate <= limits::kMostRate;
      break;
    case Unit::kDelay:
      value.delay = parse_duration(text);
      allowed = value.delay <= limits::kLongestDelay;
      break;
    case Unit::kDistance:
      value.distance = parse_distance(text);
      allowed = value.distance >= Distance::millimetres(1'000) && value.distance <= kLongestFibre;
  }
  if (!allowed) throw QuantityError(in_quotes(text) + " is out of range");
  return value;
}

const Shape& find_shape(std::string_view kind) {
  std::vector<std::string_view> known;
  for (const Shape& shape : shapes()) {
    if (shape.name == kind) return shape;
    known.push_back(shape.name);
  }
  throw ConfigError(fmt::format("generate: {} is not a kind{}", in_quotes(kind), suggestion(kind, known)));
}

// What is set, by parameter.
std::map<std::string, std::string, std::less<>> read_settings(const Shape& shape,
                                                              const std::vector<std::string>& settings) {
  std::vector<std::string_view> known;
  for (const Parameter& parameter : shape.parameters) known.push_back(parameter.name);
  std::map<std::string, std::string, std::less<>> set;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      throw ConfigError(fmt::format("generate {}: {} has no `=`, allowed: PARAMETER=VALUE", shape.name,
                                    in_quotes(setting)));
    }
    const std::string name = setting.substr(0, equals);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail(shape, in_quotes(name), "not a parameter of it" + suggestion(name, known));
    }
    if (!set.emplace(name, setting.substr(equals + 1)).second) fail(shape, name, "set twice, allowed: once");
  }
  return set;
}

}  // namespace

Generated generate(std::string_view kind, const std::vector<std::string>& settings) {
  const Shape& shape = find_shape(kind);
  const auto set = read_settings(shape, settings);
  Values values;
  std::string words;
  for (const Parameter& parameter : shape.parameters) {
    const auto found = set.find(parameter.name);
    const std::string text = found == set.end() ? std::string(parameter.fallback) : found->second;
    try {
      values.emplace(parameter.name, read(parameter, text));
    } catch (const QuantityError& e) {
      fail(shape, parameter.name, fmt::format("{}, allowed: {}", e.what(), range_text(parameter)));
    }
    words += fmt::format(" {}='{}'", parameter.name, one_line(text));
  }
  Draft draft(shape.name, std::string(shape.meaning));
  shape.build(values, draft);
  Draft::Finished finished =
      draft.finish(fmt::format("# Made by `longhaul topology generate {}{}`.\n", shape.name, words),
                   fmt::format("generate {}", shape.name));
  return {std::move(finished.topology), std::move(finished.yaml)};
}

std::string generators_text() {
  std::string text;
  for (const Shape& shape : shapes()) {
    text += fmt::format("{}: {}\n", shape.name, shape.meaning);
    for (const Parameter& parameter : shape.parameters) {
      text += fmt::format("  {:<9} {:<12} {} ({})\n", parameter.name, parameter.fallback, parameter.meaning,
                          range_text(parameter));
    }
  }
  return text;
}

}  // namespace longhaul::topology
