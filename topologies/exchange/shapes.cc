// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "topologies/bounds.h"
#include "topologies/exchange/network.h"

namespace longhaul::topology {
namespace {

std::size_t count(const Values& values, std::string_view name) {
  return static_cast<std::size_t>(values.at(name).count);
}

Draft::Span span(const Values& values) {
  return {.rate = values.at("rate").rate, .delay = values.at("delay").delay};
}

std::vector<std::size_t> add_sites(Draft& draft, std::string_view name, std::size_t count) {
  std::vector<std::size_t> sites;
  for (std::size_t i = 0; i < count; ++i) sites.push_back(draft.add_site(fmt::format("{}-{}", name, i)));
  return sites;
}

// So many interfaces of this rate, as fast as a host may be.
BitRate at_most(BitRate rate, std::size_t interfaces) {
  return BitRate::bits_per_second(std::min(rate.bps() * interfaces, limits::kMostRate.bps()));
}

// A link named by its ends.
void join(Draft& draft, std::size_t from, std::size_t to, const Draft::Span& span) {
  const auto& sites = draft.topology().sites;
  draft.add_link(sites[from].name + "--" + sites[to].name, from, to, span);
}

constexpr Parameter kFatTree[] = {{"k", Unit::kEvenCount, "4", "ports of a switch", 2, 24},
                                  {"rate", Unit::kRate, "100 Gbit/s", "of every link and host"},
                                  {"delay", Unit::kDelay, "1 us", "of every link"}};

// Al-Fares et al., SIGCOMM 2008: k pods of k/2 edge and k/2 aggregation switches, (k/2)^2 core switches, k/2
// hosts at each edge switch. Core switch c is joined to aggregation switch c / (k/2) of every pod.
void fat_tree(const Values& values, Draft& draft) {
  const std::size_t k = count(values, "k"), half = k / 2;
  const std::vector<std::size_t> core = add_sites(draft, "core", half * half);
  for (std::size_t pod = 0; pod < k; ++pod) {
    const std::vector<std::size_t> aggregation = add_sites(draft, fmt::format("agg-{}", pod), half);
    const std::vector<std::size_t> edge = add_sites(draft, fmt::format("edge-{}", pod), half);
    for (std::size_t a = 0; a < half; ++a) {
      for (std::size_t i = 0; i < half; ++i) join(draft, aggregation[a], core[a * half + i], span(values));
    }
    for (std::size_t e = 0; e < half; ++e) {
      for (const std::size_t to : aggregation) join(draft, edge[e], to, span(values));
      for (std::size_t h = 0; h < half; ++h) {
        draft.add_host(fmt::format("p{}e{}h{}", pod, e, h), edge[e], values.at("rate").rate);
      }
    }
  }
}

constexpr Parameter kRailPod[] = {{"servers", Unit::kCount, "4", "each with one GPU on every rail", 1, 2'048},
                                  {"rails", Unit::kCount, "8", "GPUs of a server, and rail switches", 2, 64},
                                  {"spines", Unit::kCount, "4", "switches that join the rails", 1, 64},
                                  {"rate", Unit::kRate, "400 Gbit/s", "of every link and GPU"},
                                  {"delay", Unit::kDelay, "1 us", "of every link"}};

// The GPUs of one rank of all servers share a switch, their rail; spines join the rails. What joins the GPUs
// of a server inside it is not here.
void rail_pod(const Values& values, Draft& draft) {
  const std::vector<std::size_t> rails = add_sites(draft, "rail", count(values, "rails"));
  const std::vector<std::size_t> spines = add_sites(draft, "spine", count(values, "spines"));
  for (std::size_t s = 0; s < count(values, "servers"); ++s) {
    for (std::size_t r = 0; r < rails.size(); ++r) {
      draft.add_host(fmt::format("s{}g{}", s, r), rails[r], values.at("rate").rate);
    }
  }
  for (const std::size_t rail : rails) {
    for (const std::size_t spine : spines) join(draft, rail, spine, span(values));
  }
}

constexpr Parameter kMultiPlane[] = {
    {"planes", Unit::kCount, "2", "fabrics side by side, and interfaces of a server", 2, 8},
    {"leaves", Unit::kCount, "2", "of each plane", 1, 64},
    {"spines", Unit::kCount, "2", "of each plane", 1, 64},
    {"servers", Unit::kCount, "4", "at each leaf", 1, 64},
    {"rate", Unit::kRate, "200 Gbit/s",
     "of every link; a server sends at that times the planes, up to 1.6 Tbit/s"},
    {"delay", Unit::kDelay, "1 us", "of every link"}};

// Planes share nothing but the servers, of which each is a site with a link to its leaf in every plane.
void multi_plane(const Values& values, Draft& draft) {
  const std::size_t leaves = count(values, "leaves"), planes = count(values, "planes");
  Draft::Span cable = span(values);
  cable.cost = kEndSystemCost;
  std::vector<std::vector<std::size_t>> servers(leaves);  // by leaf
  for (std::size_t l = 0; l < leaves; ++l) {
    servers[l] = add_sites(draft, fmt::format("server-{}", l), count(values, "servers"));
    for (std::size_t s = 0; s < servers[l].size(); ++s) {
      draft.add_host(fmt::format("l{}s{}", l, s), servers[l][s], at_most(cable.rate, planes));
    }
  }
  for (std::size_t p = 0; p < planes; ++p) {
    const std::vector<std::size_t> leaf = add_sites(draft, fmt::format("leaf-{}", p), leaves);
    const std::vector<std::size_t> spine =
        add_sites(draft, fmt::format("spine-{}", p), count(values, "spines"));
    for (std::size_t l = 0; l < leaves; ++l) {
      for (const std::size_t server : servers[l]) join(draft, server, leaf[l], cable);
      for (const std::size_t to : spine) join(draft, leaf[l], to, span(values));
    }
  }
}

constexpr Parameter kTorus[] = {{"x", Unit::kCount, "4", "nodes in this dimension", 1, 1'024},
                                {"y", Unit::kCount, "4", "likewise", 1, 1'024},
                                {"z", Unit::kCount, "1", "likewise", 1, 1'024},
                                {"rate", Unit::kRate, "400 Gbit/s",
                                 "of every link; a node sends at that times its links, up to 1.6 Tbit/s"},
                                {"delay", Unit::kDelay, "500 ns", "of every link"}};

// Each node is a site with one host, joined to the next one in each dimension, the last to the first. Two
// nodes in a dimension have one link, not two.
void torus(const Values& values, Draft& draft) {
  const std::array<std::size_t, 3> size{count(values, "x"), count(values, "y"), count(values, "z")};
  const std::size_t nodes = size[0] * size[1] * size[2];
  std::size_t degree = 0;
  for (const std::size_t n : size) degree += std::min<std::size_t>(n - 1, 2);
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::string name =
        fmt::format("{}-{}-{}", i % size[0], i / size[0] % size[1], i / (size[0] * size[1]));
    const std::size_t site = draft.add_site("node-" + name);
    draft.add_host("n" + name, site, at_most(values.at("rate").rate, std::max<std::size_t>(degree, 1)));
  }
  for (std::size_t i = 0, stride = 1; i < size.size(); stride *= size[i++]) {
    for (std::size_t node = 0; node < nodes; ++node) {
      const std::size_t place = node / stride % size[i];
      if (size[i] == 1 || (size[i] == 2 && place == 1)) continue;
      const std::size_t next = place + 1 == size[i] ? node - place * stride : node + stride;
      join(draft, node, next, span(values));
    }
  }
}

constexpr Parameter kMesh[] = {
    {"sites", Unit::kCount, "4", "each joined to all others", 2, 128},
    {"hosts", Unit::kCount, "2", "at each site", 1, 16},
    {"rate", Unit::kRate, "100 Gbit/s", "of every link; hosts have none of their own"},
    {"distance", Unit::kDistance, "500 km", "of fibre, of every link"}};

void mesh(const Values& values, Draft& draft) {
  const std::vector<std::size_t> sites = add_sites(draft, "site", count(values, "sites"));
  for (std::size_t i = 0; i < sites.size(); ++i) {
    for (std::size_t h = 0; h < count(values, "hosts"); ++h)
      draft.add_host(fmt::format("s{}h{}", i, h), sites[i]);
    for (std::size_t j = i + 1; j < sites.size(); ++j) {
      join(draft, sites[i], sites[j],
           {.rate = values.at("rate").rate, .fibre_km = values.at("distance").distance.km()});
    }
  }
}

constexpr Parameter kHub[] = {
    {"sites", Unit::kCount, "50", "micro sites, each joined to the hub", 1, 1'023},
    {"hosts", Unit::kCount, "1", "at each micro site", 1, 16},
    {"hub-hosts", Unit::kCount, "2", "at the hub", 1, 64},
    {"rate", Unit::kRate, "10 Gbit/s", "of every link; hosts have none of their own"},
    {"near", Unit::kDistance, "10 km", "of fibre to the first micro site"},
    {"far", Unit::kDistance, "100 km", "to the last; those between are spaced evenly"}};

void hub(const Values& values, Draft& draft) {
  const std::size_t centre = draft.add_site("hub"), last = count(values, "sites") - 1;
  for (std::size_t h = 0; h < count(values, "hub-hosts"); ++h)
    draft.add_host(fmt::format("hub{}", h), centre);
  const double near = values.at("near").distance.km(), far = values.at("far").distance.km();
  const std::vector<std::size_t> sites = add_sites(draft, "micro", last + 1);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    for (std::size_t h = 0; h < count(values, "hosts"); ++h)
      draft.add_host(fmt::format("m{}h{}", i, h), sites[i]);
    const double share = last == 0 ? 0 : static_cast<double>(i) / static_cast<double>(last);
    join(draft, centre, sites[i], {.rate = values.at("rate").rate, .fibre_km = near + (far - near) * share});
  }
}

constexpr Shape kShapes[] = {
    {"fat-tree", "k pods of edge and aggregation switches below a core", kFatTree, fat_tree},
    {"rail-pod", "servers whose GPUs hang on one switch for each rail", kRailPod, rail_pod},
    {"multi-plane", "servers with an interface in each of several separate fabrics", kMultiPlane,
     multi_plane},
    {"torus", "nodes in up to three dimensions, each joined to its neighbours", kTorus, torus},
    {"mesh", "long-haul sites, each joined to all others", kMesh, mesh},
    {"hub", "a hub with micro sites around it", kHub, hub}};

}  // namespace

std::span<const Shape> shapes() {
  return kShapes;
}

}  // namespace longhaul::topology
