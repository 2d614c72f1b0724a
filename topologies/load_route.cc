// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_route.h"

#include <fmt/format.h>

#include <cmath>

#include "topologies/bounds.h"
#include "topologies/great_circle.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kDistanceAllowed = "1353 km, great-circle, or delay: 6.63 ms instead";
constexpr Duration kDefaultFibre = Duration::nanoseconds(4'900);
constexpr double kDefaultRouteFactor = 1.3;

std::optional<Distance> read_distance(const YamlValue& value) {
  if (value.text(kDistanceAllowed) == "great-circle") return std::nullopt;
  return value.read(parse_distance, kDistanceAllowed);
}

double read_route_factor(const YamlValue& value) {
  const double factor = value.read(parse_number, "a number such as 1.3");
  if (factor < 1 || factor > limits::kLargestRouteFactor) {
    value.fail(
        fmt::format("{} is out of range, allowed: 1 to {}", to_text(factor), limits::kLargestRouteFactor));
  }
  return factor;
}

Duration read_fibre(const YamlValue& value) {
  const Duration per_km = value.read(parse_duration_per_km, "a delay per km such as 4.9 us/km");
  if (per_km < limits::kLeastFibre || per_km > limits::kMostFibre) {
    value.fail(fmt::format("{}/km is out of range, allowed: {}/km to {}/km", to_text(per_km),
                           to_text(limits::kLeastFibre), to_text(limits::kMostFibre)));
  }
  return per_km;
}

double ground_distance(const YamlValue& at, const Link& link, const Topology& topology) {
  for (const std::size_t end : link.between) {
    if (!topology.sites[end].location) {
      at.fail(fmt::format("great-circle needs the location of site {}, which has none",
                          in_quotes(topology.sites[end].name)));
    }
  }
  return great_circle_km(*topology.sites[link.between[0]].location,
                         *topology.sites[link.between[1]].location);
}

}  // namespace

void check_delay(const YamlValue& at, Duration delay) {
  if (delay > limits::kLongestDelay) {
    at.fail(fmt::format("a delay of {} is too long, allowed: 0 s to {}", to_text(delay),
                        to_text(limits::kLongestDelay)));
  }
}

Duration read_delay(const YamlValue& value) {
  const Duration delay = value.read(parse_duration, kDelayAllowed);
  check_delay(value, delay);
  return delay;
}

RouteLevel RouteLevel::read(const YamlMap& map) {
  RouteLevel level;
  take(map, "distance", level.distance, read_distance);
  take(map, "route_factor", level.route_factor, read_route_factor);
  take(map, "fibre", level.fibre, read_fibre);
  take(map, "delay", level.delay, read_delay);
  return level;
}

void RouteLevel::check_together() {
  if (distance && delay && delay->at.rank() > distance->at.rank()) distance.reset();
  std::optional<YamlValue> plain,
      other;  // a way to give the delay that has no fibre; that has no route factor
  if (distance) settle(delay, distance->at, "given beside distance, allowed: one of the two");
  if (delay) plain = other = delay->at;
  if (distance && distance->value) other = distance->at;
  settle(fibre, plain, "only goes with distance, not with delay");
  settle(route_factor, other, "only goes with distance: great-circle");
}

void RouteLevel::inherit(const RouteLevel& link) {
  if (!distance && !delay) distance = link.distance, delay = link.delay;
  const bool from_coordinates = distance && !distance->value;
  if (route_factor && (delay || distance) && !from_coordinates) {
    route_factor->at.fail_key("only goes with distance: great-circle");
  }
  if (fibre && delay) fibre->at.fail_key("only goes with distance, not with delay");
  if (from_coordinates && !route_factor) route_factor = link.route_factor;
  if (distance && !fibre) fibre = link.fibre;
}

void RouteLevel::apply(Link& link, Direction direction, const Topology& topology, const YamlMap& map) const {
  core::LinkConfig& config = link.directions[direction];
  Route& route = link.routes[direction];
  if (delay) {
    config.delay = delay->value;
    return;
  }
  if (!distance) map.fail("distance", fmt::format("missing, allowed: {}", kDistanceAllowed));
  Distance length;
  if (distance->value) {
    length = *distance->value;
  } else {
    route.great_circle_km = ground_distance(distance->at, link, topology);
    route.route_factor = route_factor ? route_factor->value : kDefaultRouteFactor;
    length = Distance::millimetres(
        static_cast<std::uint64_t>(std::llround(route.great_circle_km * route.route_factor * 1e6)));
  }
  route.fibre_km = length.km();
  route.delay_per_km = fibre ? fibre->value : kDefaultFibre;
  config.delay = travel_time(length, route.delay_per_km);
  check_delay(distance->at, config.delay);
}

}  // namespace longhaul::topology
