// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "topologies/bounds.h"
#include "topologies/config_error.h"
#include "topologies/great_circle.h"
#include "topologies/load.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr Duration kFibre = Duration::nanoseconds(4'900);  // the defaults of topology files
constexpr double kRouteFactor = 1.3;

std::string fitting(std::string_view wanted) {
  std::string name;
  for (const char c : wanted) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += c;
    } else if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "x" : name;
}

std::string cut(std::string name, std::size_t longest) {
  name.resize(std::min(name.size(), longest));
  while (name.size() > 1 && name.back() == '-') name.pop_back();
  return name;
}

void check_size(std::size_t count, std::size_t most, std::string_view what, const std::string& label) {
  if (count <= most) return;
  throw ConfigError(fmt::format("{}: {}: {} are too many, allowed: up to {}", label, what, count, most));
}

}  // namespace

std::string Names::take(std::string_view wanted) {
  const std::string whole = fitting(wanted);
  std::string name = cut(whole, longest_);
  for (std::size_t n = 2; taken_.contains(name); ++n) {
    const std::string number = fmt::format("-{}", n);
    name = cut(whole, longest_ - number.size()) + number;
  }
  taken_.insert(name);
  return name;
}

Draft::Draft(std::string_view name, std::string description)
    : site_names_(limits::kLongestName),
      host_names_(limits::kLongestHostName),
      link_names_(limits::kLongestName) {
  topology_.name = cut(fitting(name), limits::kLongestName);
  topology_.description = std::move(description);
}

std::size_t Draft::add_site(std::string_view name, std::optional<Coordinates> location) {
  topology_.sites.push_back({site_names_.take(name), location});
  return topology_.sites.size() - 1;
}

const std::string& Draft::add_host(std::string_view name, std::size_t site, BitRate rate) {
  Host host;
  host.name = host_names_.take(name);
  host.site = site;
  host.rate = rate;
  topology_.hosts.push_back(std::move(host));
  return topology_.hosts.back().name;
}

const std::string& Draft::add_link(std::string_view name, std::size_t from, std::size_t to,
                                   const Span& span) {
  Route route;
  Duration delay = span.delay;
  if (span.great_circle) {
    route.great_circle_km =
        great_circle_km(topology_.sites[from].location.value(), topology_.sites[to].location.value());
    route.route_factor = kRouteFactor;
  }
  if (span.great_circle || span.fibre_km > 0) {
    const double km = span.great_circle ? route.great_circle_km * route.route_factor : span.fibre_km;
    const auto length = Distance::millimetres(static_cast<std::uint64_t>(std::llround(km * 1e6)));
    route.fibre_km = length.km();
    route.delay_per_km = kFibre;
    delay = travel_time(length, kFibre);
  }
  core::LinkConfig config;
  config.rate = span.rate;
  config.delay = delay;
  config.loss.model = core::loss::Bernoulli{span.loss};
  config.buffer = bytes_in(span.rate, delay * 2);
  if (config.buffer < kLeastBuffer) {
    config.buffer = kLeastBuffer;
    ++small_buffers_;
  }
  Link link;
  link.name = link_names_.take(name);
  link.between = {from, to};
  link.directions = {config, config};
  link.routes = {route, route};
  link.cost = span.cost;
  topology_.links.push_back(std::move(link));
  return topology_.links.back().name;
}

Draft::Finished Draft::finish(const std::string& head, const std::string& label) const {
  check_size(topology_.sites.size(), limits::kMostSites, "sites", label);
  check_size(topology_.hosts.size(), limits::kMostHosts, "hosts", label);
  check_size(topology_.links.size(), limits::kMostLinks, "links", label);
  Finished finished;
  finished.yaml = head + effective_yaml(topology_);
  finished.topology = load_text(finished.yaml, label);
  return finished;
}

}  // namespace longhaul::topology
