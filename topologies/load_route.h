// SPDX-License-Identifier: GPL-2.0-only
//
// How a link's file says its propagation delay: a length of fibre, the great circle between its sites, or a
// plain time. A part of load_links.h, apart because these keys depend on each other. Every failure is a
// ConfigError.
#pragma once

#include <optional>

#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

inline constexpr std::string_view kDelayAllowed = "a time such as 6.63 ms";

// A value and where it stands.
template <typename T>
struct Field {
  T value;
  YamlValue at;
};
template <typename T>
using Maybe = std::optional<Field<T>>;

// Reads `key` of `map` into `field`, if it is there.
template <typename T, typename Read>
void take(const YamlMap& map, std::string_view key, Maybe<T>& field, Read read) {
  if (const auto value = map.find(key)) field = Field<T>{read(*value), *value};
}

// Removes the one of two fields that a stronger place overrules (see YamlValue::rank), and keeps the
// stronger. Fails at `field` with `message` when both were written in the same place.
template <typename T>
void settle(Maybe<T>& field, const std::optional<YamlValue>& winner, std::string_view message) {
  if (!field || !winner) return;
  if (field->at.rank() >= winner->rank()) field->at.fail_key(message);
  field.reset();
}

// The keys of one level of a link: of the link itself, or of its forward or reverse.
struct RouteLevel {
  Maybe<std::optional<Distance>> distance;  // no value: great-circle
  Maybe<double> route_factor;
  Maybe<Duration> fibre, delay;

  // Reads distance, route_factor, fibre and delay.
  static RouteLevel read(const YamlMap& map);
  // Removes or refuses what does not go together.
  void check_together();
  // Takes from the link what this direction does not say itself.
  void inherit(const RouteLevel& link);
  // Sets delay and route of this direction; `map` is the link's. The ends of `link` are known.
  void apply(Link& link, Direction direction, const Topology& topology, const YamlMap& map) const;
};

// A propagation delay within the limits.
Duration read_delay(const YamlValue& value);
// Fails at `at` when `delay` is too long.
void check_delay(const YamlValue& at, Duration delay);

}  // namespace longhaul::topology
