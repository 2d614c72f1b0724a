// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "topologies/bounds.h"
#include "topologies/great_circle.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kDelayAllowed = "a time such as 6.63 ms";
constexpr std::string_view kDistanceAllowed = "1353 km, great-circle, or delay: 6.63 ms instead";
constexpr Duration kDefaultFibre = Duration::nanoseconds(4'900);
constexpr double kDefaultRouteFactor = 1.3;

// A value and where it stands.
template <typename T>
struct Field {
  T value;
  YamlValue at;
};
template <typename T>
using Maybe = std::optional<Field<T>>;

// One level of a link as written: of the link itself, or of its forward or reverse.
struct Level {
  Maybe<std::optional<Distance>> distance;  // no value: great-circle
  Maybe<double> route_factor;
  Maybe<Duration> fibre, delay;
  Maybe<BitRate> rate;
  Maybe<core::Framing> framing;
  Maybe<BufferSize> buffer;
  Maybe<double> loss;
};

template <typename T, typename Read>
void take(const YamlMap& map, std::string_view key, Maybe<T>& field, Read read) {
  if (const auto value = map.find(key)) field = Field<T>{read(*value), *value};
}

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

core::Framing read_framing(const YamlValue& value) {
  return value.choice({"wire", "l2"}) == 0 ? core::Framing::kWire : core::Framing::kL2;
}

BufferSize read_buffer(const YamlValue& value) {
  return value.read(parse_buffer, "a size (64 MiB), a time (5 ms) or bdp (1 bdp)");
}

double read_loss(const YamlValue& value) {
  return value.read(parse_probability, "a probability such as 1e-5 or 0.01 %");
}

// A change on the command line from a distance to a delay or back leaves the file's words for the other way
// behind.
template <typename T>
void settle(Maybe<T>& field, const std::optional<YamlValue>& winner, std::string_view message) {
  if (!field || !winner) return;
  if (field->at.is_override() || !winner->is_override()) field->at.fail_key(message);
  field.reset();
}

// Removes or refuses what does not go together within one level.
void check_together(Level& level) {
  if (level.distance && level.delay && level.delay->at.is_override() && !level.distance->at.is_override()) {
    level.distance.reset();
  }
  std::optional<YamlValue> plain,
      other;  // a way to give the delay that has no fibre; that has no route factor
  if (level.distance)
    settle(level.delay, level.distance->at, "given beside distance, allowed: one of the two");
  if (level.delay) plain = other = level.delay->at;
  if (level.distance && level.distance->value) other = level.distance->at;
  settle(level.fibre, plain, "only goes with distance, not with delay");
  settle(level.route_factor, other, "only goes with distance: great-circle");
}

Level read_level(const YamlMap& map) {
  Level level;
  take(map, "distance", level.distance, read_distance);
  take(map, "route_factor", level.route_factor, read_route_factor);
  take(map, "fibre", level.fibre, read_fibre);
  take(map, "delay", level.delay, read_delay);
  take(map, "rate", level.rate, read_rate);
  take(map, "framing", level.framing, read_framing);
  take(map, "buffer", level.buffer, read_buffer);
  take(map, "loss", level.loss, read_loss);
  check_together(level);
  return level;
}

// One direction: what it says itself, then what the link says.
Level merged(Level own, const Level& link) {
  const auto inherit = [](auto& field, const auto& from) {
    if (!field) field = from;
  };
  const bool own_way = own.distance || own.delay;
  if (!own_way) own.distance = link.distance, own.delay = link.delay;
  const bool from_coordinates = own.distance && !own.distance->value;
  if (own.route_factor && (own.delay || own.distance) && !from_coordinates) {
    own.route_factor->at.fail_key("only goes with distance: great-circle");
  }
  if (own.fibre && own.delay) own.fibre->at.fail_key("only goes with distance, not with delay");
  if (from_coordinates) inherit(own.route_factor, link.route_factor);
  if (own.distance) inherit(own.fibre, link.fibre);
  inherit(own.rate, link.rate);
  inherit(own.framing, link.framing);
  inherit(own.buffer, link.buffer);
  inherit(own.loss, link.loss);
  return own;
}

class LinkReader {
 public:
  LinkReader(const YamlValue& value, const Topology& topology)
      : map_(value.map({"between", "distance", "route_factor", "fibre", "delay", "rate", "framing", "buffer",
                        "loss", "forward", "reverse"})),
        topology_(topology) {
    link_.name = value.key_name(limits::kLongestName);
  }

  Link read() {
    read_between();
    const Level shared = read_level(map_);
    std::array<Level, 2> levels;
    for (const Direction direction : {kForward, kReverse}) {
      const auto own = map_.find(direction == kForward ? "forward" : "reverse");
      levels[direction] = merged(own ? read_level(own->map({"distance", "route_factor", "fibre", "delay",
                                                            "rate", "framing", "buffer", "loss"}))
                                     : Level{},
                                 shared);
      set_delay(direction, levels[direction]);
      set_line(direction, levels[direction]);
    }
    for (const Direction direction : {kForward, kReverse}) set_buffer(direction, levels[direction]);
    return link_;
  }

 private:
  void read_between() {
    const YamlValue between = map_.need("between", "the names of two sites, [a, b]");
    const auto ends = between.items();
    if (ends.size() != 2)
      between.fail(fmt::format("has {} entries, allowed: two sites, [a, b]", ends.size()));
    for (std::size_t i = 0; i < 2; ++i) link_.between[i] = site_index(ends[i], topology_);
    if (link_.between[0] == link_.between[1]) {
      ends[1].fail(fmt::format("{} is the same site, allowed: two different sites",
                               in_quotes(ends[1].text("a site"))));
    }
  }

  void set_delay(Direction direction, const Level& level) {
    core::LinkConfig& config = link_.directions[direction];
    Route& route = link_.routes[direction];
    if (level.delay) {
      config.delay = level.delay->value;
      return;
    }
    if (!level.distance) map_.fail("distance", fmt::format("missing, allowed: {}", kDistanceAllowed));
    Distance fibre;
    if (level.distance->value) {
      fibre = *level.distance->value;
    } else {
      route.great_circle_km = ground_distance(level.distance->at);
      route.route_factor = level.route_factor ? level.route_factor->value : kDefaultRouteFactor;
      fibre = Distance::millimetres(
          static_cast<std::uint64_t>(std::llround(route.great_circle_km * route.route_factor * 1e6)));
    }
    route.fibre_km = fibre.km();
    route.delay_per_km = level.fibre ? level.fibre->value : kDefaultFibre;
    config.delay = travel_time(fibre, route.delay_per_km);
    check_delay(level.distance->at, config.delay);
  }

  double ground_distance(const YamlValue& at) const {
    for (const std::size_t end : link_.between) {
      if (!topology_.sites[end].location) {
        at.fail(fmt::format("great-circle needs the location of site {}, which has none",
                            in_quotes(topology_.sites[end].name)));
      }
    }
    return great_circle_km(*topology_.sites[link_.between[0]].location,
                           *topology_.sites[link_.between[1]].location);
  }

  void set_line(Direction direction, const Level& level) {
    core::LinkConfig& config = link_.directions[direction];
    if (!level.rate) map_.fail("rate", "missing, allowed: a rate such as 1 Gbit/s");
    config.rate = level.rate->value;
    config.framing = level.framing ? level.framing->value : core::Framing::kWire;
    if (level.loss) config.loss = level.loss->value;
  }

  void set_buffer(Direction direction, const Level& level) {
    core::LinkConfig& config = link_.directions[direction];
    const BufferSize written = level.buffer ? level.buffer->value : BufferSize{};
    config.buffer = written.resolve(config.rate, round_trip(link_));
    std::string problem;
    if (config.buffer < topology_.largest_frame()) {
      problem = fmt::format("{} is less than the largest frame, allowed: {} or more", to_text(config.buffer),
                            to_text(topology_.largest_frame()));
    } else if (config.buffer > limits::kLargestBuffer) {
      problem = fmt::format("{} is too large, allowed: up to {}", to_text(config.buffer),
                            to_text(limits::kLargestBuffer));
    }
    if (problem.empty()) return;
    if (level.buffer) level.buffer->at.fail(problem);
    map_.fail("buffer", "the default of 1 bdp, " + problem);
  }

  YamlMap map_;
  const Topology& topology_;
  Link link_;
};

}  // namespace

std::size_t site_index(const YamlValue& value, const Topology& topology) {
  const std::string& name = value.text("the name of a site");
  std::vector<std::string_view> names;
  for (const Site& site : topology.sites) {
    if (site.name == name) return names.size();
    names.push_back(site.name);
  }
  value.fail(fmt::format("{} is not a site{}", in_quotes(name), suggestion(name, names)));
}

BitRate read_rate(const YamlValue& value) {
  const BitRate rate = value.read(parse_rate, "a rate such as 1 Gbit/s");
  if (rate < limits::kLeastRate || rate > limits::kMostRate) {
    value.fail(fmt::format("{} is out of range, allowed: {} to {}", to_text(rate),
                           to_text(limits::kLeastRate), to_text(limits::kMostRate)));
  }
  return rate;
}

std::vector<Link> read_links(const YamlValue& section, const Topology& topology) {
  const auto values = section.named();
  if (values.size() > limits::kMostLinks) {
    section.fail(fmt::format("{} links are too many, allowed: up to {}", values.size(), limits::kMostLinks));
  }
  std::vector<std::size_t> group(topology.sites.size());  // sites joined so far have the same number
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::vector<Link> links;
  for (const YamlValue& value : values) {
    links.push_back(LinkReader(value, topology).read());
    const auto [a, b] = links.back().between;
    if (group[a] == group[b]) {
      value.fail_key(
          fmt::format("closes a cycle, {} and {} are joined already; sites and links must form a tree",
                      in_quotes(topology.sites[a].name), in_quotes(topology.sites[b].name)));
    }
    const std::size_t joined = group[b];
    std::replace(group.begin(), group.end(), joined, std::size_t{group[a]});
  }
  return links;
}

}  // namespace longhaul::topology
