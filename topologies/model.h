// SPDX-License-Identifier: GPL-2.0-only
//
// A topology, validated: sites with one switch each, hosts at sites, links between sites. Immutable once made
// by topology::load() (topologies/load.h). Sites, hosts and links are named by their index in these vectors.
// Ways between sites are those of least cost: the sum of Link::cost, as in OSPF (RFC 2328); all of them at
// once are in topologies/routes.h. They never change while a run lasts, whatever happens to the links. Not
// here: workloads (scenarios/), ports and lcores (nic/, emulator/dataplane/).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/core/link_config.h"
#include "emulator/core/units.h"

namespace longhaul::topology {

struct Coordinates {  // WGS 84 degrees
  double latitude = 0;
  double longitude = 0;

  bool operator==(const Coordinates&) const = default;
};

struct Site {
  std::string name;
  std::optional<Coordinates> location;
  std::optional<unsigned> lcore = std::nullopt;  // the data plane's lcore that owns the site, by index from 0

  bool operator==(const Site&) const = default;
};

enum class HostKind : std::uint8_t {
  kNetns,     // a network namespace on this machine, made and removed by the run
  kExternal,  // whatever hangs on the named DPDK device
};

// What stands at the emulator's end of a namespace host's cable.
enum class PortKind : std::uint8_t {
  kAuto,      // what measured best here
  kXdp,       // our own AF_XDP port
  kAfPacket,  // DPDK's AF_PACKET
  kAfXdp,     // DPDK's AF_XDP
};

struct Host {
  std::string name;
  std::size_t site = 0;
  HostKind kind = HostKind::kNetns;
  BitRate rate;        // kNetns only: of its interface, wire bytes counted; zero: as fast as the machine can
  std::string device;  // kExternal only: a DPDK vdev ("net_af_packet0,iface=eth1"), a PCI address
                       // ("0000:3b:00.0"), or our own AF_XDP port ("xdp,iface=eth1")
  // Of our own AF_XDP port: the terms (nic/xdp_steering.h) of what it takes, on an interface that it shares
  // with this machine's own traffic; empty: everything.
  std::vector<std::string> steer = {};
  PortKind port = PortKind::kAuto;  // kNetns only
  // kExternal only: its address, which its site's switch then knows without having heard it; the first byte
  // on the wire is the most significant of the six.
  std::optional<std::uint64_t> mac = std::nullopt;
  std::uint16_t vlan = 0;  // its untagged frames are of this VLAN (802.1Q) and stay within it; 0: of none

  bool operator==(const Host&) const = default;
};

// How the propagation delay of a direction came about; for people, `LinkConfig::delay` is what counts.
struct Route {
  double fibre_km = 0;         // 0 when the file gave a plain delay
  double great_circle_km = 0;  // 0 unless it was taken from the sites' coordinates
  double route_factor = 0;     // 0 unless it was taken from the sites' coordinates
  Duration delay_per_km;       // of the fibre; 0 when the file gave a plain delay

  bool operator==(const Route&) const = default;
};

// A program of a user's, or one that longhaul ships, that every frame of a direction meets.
struct Hook {
  enum class Place : std::uint8_t { kAll, kIngress, kEgress };  // kAll: wherever the file has a program for
  struct Parameter {
    std::string name;   // of a variable of the program
    std::string value;  // a number, as written
    bool operator==(const Parameter&) const = default;
  };
  std::string program;  // an absolute path, NAME.bpf.o or NAME.bpf.c; or the name of a shipped one
  Place place = Place::kAll;
  std::vector<Parameter> parameters;
  Duration longest_delay = Duration::milliseconds(10);  // that it may ask for; memory is taken for it

  bool operator==(const Hook&) const = default;
};

enum Direction : std::size_t { kForward = 0, kReverse = 1 };  // kForward runs from Link::between[0] to [1]

struct Link {
  std::string name;
  std::array<std::size_t, 2> between{};        // site indices
  std::array<core::LinkConfig, 2> directions;  // by Direction
  std::array<Route, 2> routes;                 // by Direction
  // MAC control frames of hosts (PAUSE, PFC) pass over the link as ordinary frames instead of ending at it.
  bool carries_pause = false;
  std::array<std::vector<Hook>, 2> hooks;  // by Direction; one at each place
  std::uint32_t cost = 1;  // of either direction, in the sum that makes a way the shortest; 1..65535

  bool operator==(const Link&) const = default;
};

struct Topology {
  std::string name;
  std::string description;
  std::uint32_t mtu = 1500;  // of the hosts' interfaces: L3 bytes
  std::vector<Site> sites;
  std::vector<Host> hosts;
  std::vector<Link> links;  // they join all sites; there may be cycles, and several between two sites

  // Largest frame in L2 bytes, room for one 802.1Q tag included.
  Bytes largest_frame() const { return Bytes(std::uint64_t{mtu} + 18); }

  bool operator==(const Topology&) const = default;
};

// One hop of a path between sites.
struct Hop {
  std::size_t link = 0;
  Direction direction = kForward;

  bool operator==(const Hop&) const = default;
};

// The way of least cost from one site to another in order of travel, at each site over the first of the links
// that are equally good; empty when they are the same site.
std::vector<Hop> path(const Topology& topology, std::size_t from_site, std::size_t to_site);

// How many ways of least cost there are from one site to another, path() among them; 1 when they are the same
// site, and the largest number of its type when there are more than that.
std::uint64_t equal_paths(const Topology& topology, std::size_t from_site, std::size_t to_site);

// Whether flows between two sites may take different ways.
bool several_paths(const Topology& topology, std::size_t from_site, std::size_t to_site);

// Sum of propagation delays along path(); queueing and serialisation not counted.
Duration propagation_delay(const Topology& topology, std::size_t from_site, std::size_t to_site);

// What TCP may have under way from one site to another along path(): a round trip at the rate of its fastest
// link, and all of its buffers.
Bytes most_under_way(const Topology& topology, std::size_t from_site, std::size_t to_site);

// Round-trip propagation over one link: forward delay + reverse delay.
Duration round_trip(const Link& link);

}  // namespace longhaul::topology
