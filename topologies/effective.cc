// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

#include "topologies/effective_line.h"
#include "topologies/effective_sections.h"
#include "topologies/load.h"
#include "topologies/load_hooks.h"
#include "topologies/load_steering.h"
#include "topologies/quantity.h"
#include "topologies/yaml_text.h"

namespace longhaul::topology {
namespace {

using Out = std::back_insert_iterator<std::string>;

void write_direction(Out out, const core::LinkConfig& config, const Route& route, std::string_view indent) {
  const auto line = [&](std::string_view key, std::string_view value, std::string_view comment = {}) {
    fmt::format_to(out, "{}{}: {}{}{}\n", indent, key, value, comment.empty() ? "" : "  # ", comment);
  };
  if (route.delay_per_km == Duration()) {
    line("delay", to_text(config.delay));
  } else {
    if (route.route_factor != 0) {
      line("distance", "great-circle",
           fmt::format("{:.1f} km x {} = {:.1f} km of fibre", route.great_circle_km,
                       to_text(route.route_factor), route.fibre_km));
      line("route_factor", to_text(route.route_factor));
    } else {
      line("distance",
           to_text(Distance::millimetres(static_cast<std::uint64_t>(std::llround(route.fibre_km * 1e6)))));
    }
    line("fibre", to_text(route.delay_per_km) + "/km", "delay " + to_text(config.delay));
  }
  line("rate", to_text(config.rate));
  line("framing", config.framing == core::Framing::kWire ? "wire" : "l2");
  line("buffer", to_text(config.buffer),
       fmt::format("{:.3f} ms at this rate", static_cast<double>(config.buffer.count()) * 8e3 /
                                                 static_cast<double>(config.rate.bps())));
  fmt::format_to(out, "{}", effective_line(config, indent));
}

void write_reserve(Out out, const core::Reserve& reserve, std::string_view indent) {
  std::string keys;
  const auto add = [&](std::string_view key, const std::string& value) {
    keys += fmt::format("{}{}: {}", keys.empty() ? "" : ", ", key, value);
  };
  if (reserve.rate != BitRate()) add("rate", to_text(reserve.rate));
  if (reserve.delay != Duration()) add("delay", to_text(reserve.delay));
  if (reserve.buffer != Bytes()) add("buffer", to_text(reserve.buffer));
  if (!keys.empty()) fmt::format_to(out, "{}reserve: {{ {} }}\n", indent, keys);
}

std::string site_text(const Site& site) {
  std::string keys;
  if (site.location) {
    keys = fmt::format(" location: [{}, {}]", to_text(site.location->latitude),
                       to_text(site.location->longitude));
  }
  if (site.lcore) keys += fmt::format("{} lcore: {}", keys.empty() ? "" : ",", *site.lcore);
  return "{" + keys + (keys.empty() ? "}" : " }");
}

std::string mac_text(std::uint64_t mac) {
  std::string text;
  for (int shift = 40; shift >= 0; shift -= 8) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", mac >> shift & 0xff);
  }
  return text;
}

std::string host_text(const Host& host, const Topology& topology) {
  constexpr std::string_view kPorts[] = {"auto", "xdp", "af_packet", "af_xdp"};
  const bool external = host.kind == HostKind::kExternal;
  std::string keys = fmt::format("site: {}, kind: {}", yaml_name(topology.sites[host.site].name),
                                 external ? "external" : "netns");
  if (host.rate != BitRate()) keys += ", rate: " + to_text(host.rate);
  if (!external) keys += fmt::format(", port: {}", kPorts[static_cast<std::size_t>(host.port)]);
  if (external) keys += ", device: " + yaml_quoted(host.device);
  keys += effective_steering(host.steer);
  if (host.mac) keys += ", mac: " + yaml_quoted(mac_text(*host.mac));
  if (host.vlan != 0) keys += fmt::format(", vlan: {}", host.vlan);
  return "{ " + keys + " }";
}

void write_link(Out out, const Link& link, const Topology& topology) {
  fmt::format_to(out, "  {}:\n    between: [{}, {}]\n    cost: {}\n", yaml_name(link.name),
                 yaml_name(topology.sites[link.between[0]].name),
                 yaml_name(topology.sites[link.between[1]].name), link.cost);
  const std::array reserves{link.directions[kForward].reserve, link.directions[kReverse].reserve};
  const bool same_reserve = reserves[kForward] == reserves[kReverse];
  if (same_reserve) write_reserve(out, reserves[kForward], "    ");
  const auto same = link.directions[kForward] == link.directions[kReverse] &&
                    link.routes[kForward] == link.routes[kReverse] &&
                    link.hooks[kForward] == link.hooks[kReverse];
  const auto sections = [&](Direction direction, std::string_view indent) {
    fmt::format_to(out, "{}{}", effective_sections(link, direction, topology.largest_frame(), indent),
                   effective_hooks(link.hooks[direction], indent));
  };
  if (same) {
    write_direction(out, link.directions[kForward], link.routes[kForward], "    ");
    return sections(kForward, "    ");
  }
  fmt::format_to(out, "    forward:\n");
  write_direction(out, link.directions[kForward], link.routes[kForward], "      ");
  sections(kForward, "      ");
  if (!same_reserve) write_reserve(out, reserves[kForward], "      ");
  fmt::format_to(out, "    reverse:\n");
  write_direction(out, link.directions[kReverse], link.routes[kReverse], "      ");
  sections(kReverse, "      ");
  if (!same_reserve) write_reserve(out, reserves[kReverse], "      ");
}

}  // namespace

std::string effective_yaml(const Topology& topology) {
  std::string text;
  const Out out(text);
  fmt::format_to(out, "name: {}\ndescription: {}\nmtu: {}\nsites:\n", yaml_name(topology.name),
                 yaml_quoted(topology.description), topology.mtu);
  for (const Site& site : topology.sites) {
    fmt::format_to(out, "  {}: {}\n", yaml_name(site.name), site_text(site));
  }
  fmt::format_to(out, "hosts:\n");
  for (const Host& host : topology.hosts) {
    fmt::format_to(out, "  {}: {}\n", yaml_name(host.name), host_text(host, topology));
  }
  fmt::format_to(out, "links:{}\n", topology.links.empty() ? " {}" : "");
  for (const Link& link : topology.links) write_link(out, link, topology);
  return text;
}

}  // namespace longhaul::topology
