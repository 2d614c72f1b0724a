// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

class Adder {
 public:
  Adder(const Network& network, Draft& draft, Report& report)
      : network_(network), draft_(draft), report_(report), cables_of_(network.nodes.size()) {
    for (std::size_t c = 0; c < network.cables.size(); ++c) {
      cables_of_[network.cables[c].from].push_back(c);
      cables_of_[network.cables[c].to].push_back(c);
    }
  }

  std::vector<std::string> add() {
    add_sites();
    add_hosts();
    add_links();
    return host_names_;
  }

 private:
  std::size_t other_end(std::size_t cable, std::size_t node) const {
    const Network::Cable& c = network_.cables[cable];
    return c.from == node ? c.to : c.from;
  }

  // Whether the node is a host at the site of its switch.
  bool hangs_on_switch(std::size_t node) const {
    if (!network_.nodes[node].end_system || cables_of_[node].size() != 1) return false;
    const Network::Cable& cable = network_.cables[cables_of_[node][0]];
    return !network_.nodes[other_end(cables_of_[node][0], node)].end_system && cable.loss == 0 &&
           cable.delay <= kLongestCable;
  }

  void add_sites() {
    sites_.resize(network_.nodes.size());
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      if (hangs_on_switch(i)) continue;
      sites_[i] = draft_.add_site(network_.nodes[i].name);
      report_.count("nodes",
                    network_.nodes[i].end_system
                        ? "a site with one host: an end system with several cables, or a long or lossy one"
                        : "a site: a switch");
    }
  }

  void add_hosts() {
    host_names_.resize(network_.nodes.size());
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      if (!network_.nodes[i].end_system) continue;
      const bool hangs = hangs_on_switch(i);
      std::uint64_t bps = 0;
      for (const std::size_t c : cables_of_[i]) bps += network_.cables[c].rate.bps();
      const BitRate rate = BitRate::bits_per_second(std::min(bps, limits::kMostRate.bps()));
      const std::size_t site = hangs ? *sites_[other_end(cables_of_[i][0], i)] : *sites_[i];
      host_names_[i] = draft_.add_host(network_.nodes[i].name, site, rate);
      if (hangs) report_.count("nodes", "a host at the site of its switch");
    }
  }

  void add_links() {
    Duration longest;
    std::size_t dear = 0;
    for (const Network::Cable& cable : network_.cables) {
      if (!sites_[cable.from] || !sites_[cable.to]) {
        report_.count("links", "the cable of a host: its rate is the host's, its delay is left out");
        longest = std::max(longest, cable.delay);
        continue;
      }
      const Network::Node &from = network_.nodes[cable.from], &to = network_.nodes[cable.to];
      const bool ends = from.end_system || to.end_system;
      if (ends) ++dear;
      draft_.add_link(
          from.name + "-" + to.name, *sites_[cable.from], *sites_[cable.to],
          {.rate = cable.rate, .delay = cable.delay, .loss = cable.loss, .cost = ends ? kEndSystemCost : 1});
      report_.count("links", "a link");
    }
    if (longest > Duration()) {
      report_.note(
          fmt::format("left out: the delays of hosts' cables, {} at most, each way", to_text(longest)));
    }
    if (dear != 0) {
      report_.note(
          fmt::format("chosen: cost {} for {} links to end systems, so that none is a way to another",
                      kEndSystemCost, dear));
    }
  }

  const Network& network_;
  Draft& draft_;
  Report& report_;
  std::vector<std::vector<std::size_t>> cables_of_;  // by node
  std::vector<std::optional<std::size_t>> sites_;    // by node: none for what hangs on a switch
  std::vector<std::string> host_names_;              // by node
};

}  // namespace

std::vector<std::string> add_network(const Network& network, Draft& draft, Report& report) {
  return Adder(network, draft, report).add();
}

}  // namespace longhaul::topology
