// SPDX-License-Identifier: GPL-2.0-only
//
// How a Loop is put together: ports and links become endpoints of site switches.
#include <rte_mbuf.h>

#include <stdexcept>

#include "emulator/dataplane/loop.h"

namespace longhaul::dataplane {
namespace {

// Directions in an order in which each comes after all that can feed it. In a tree that order exists: a
// direction never feeds its own reverse, because a switch does not send a frame back where it came from.
std::vector<std::size_t> upstream_first(const std::vector<DirectionConfig>& directions) {
  std::vector<std::size_t> order;
  std::vector<bool> placed(directions.size());
  while (order.size() < directions.size()) {
    const std::size_t before = order.size();
    for (std::size_t d = 0; d < directions.size(); ++d) {
      if (placed[d]) continue;
      bool ready = true;
      for (std::size_t u = 0; u < directions.size(); ++u) {
        const bool feeds = directions[u].to_site == directions[d].from_site &&
                           directions[u].owner.link != directions[d].owner.link;
        ready &= placed[u] || !feeds;
      }
      if (ready) placed[d] = true, order.push_back(d);
    }
    if (order.size() == before)
      throw std::runtime_error("the links form a loop; sites and links must form a tree");
  }
  return order;
}

}  // namespace

Loop::Loop(const EngineConfig& config, std::vector<nic::Port>& ports, SampleQueue& samples,
           std::deque<core::DecisionLog>& decisions)
    : largest_frame_(config.largest_frame),
      sample_interval_(config.sample_interval),
      samples_(samples),
      release_order_(upstream_first(config.directions)) {
  for (std::size_t s = 0; s < config.sites; ++s) sites_.push_back({SiteSwitch(config.flood_limit), {}});
  for (std::size_t p = 0; p < ports.size(); ++p) add_port(ports[p], config.ports[p]);
  for (std::size_t d = 0; d < config.directions.size(); ++d) add_direction(config, d);
  for (std::size_t d = 0; d < decisions.size(); ++d) directions_[d].link.log_decisions(&decisions[d]);
  sent_.reserve(ports_.size() * kBacklog);
}

Loop::~Loop() {
  for (PortState& state : ports_) {
    for (rte_mbuf* mbuf : state.staged) rte_pktmbuf_free(mbuf);
  }
}

SiteSwitch::Port Loop::attach(std::size_t site, Endpoint endpoint) {
  sites_[site].endpoints.push_back(endpoint);
  return static_cast<SiteSwitch::Port>(sites_[site].endpoints.size() - 1);
}

void Loop::add_port(nic::Port& port, const PortConfig& config) {
  PortState& state = ports_.emplace_back();
  state.port = &port;
  state.site = config.site;
  state.endpoint = attach(state.site, {true, ports_.size() - 1});
  state.staged.reserve(kBacklog);
  state.origins.reserve(kBacklog);
}

void Loop::add_direction(const EngineConfig& config, std::size_t d) {
  const DirectionConfig& direction = config.directions[d];
  const core::LinkCapacity capacity = core::capacity_of(direction.link, config.largest_frame);
  const auto largest = static_cast<std::uint32_t>(config.largest_frame.count());
  directions_.push_back(
      {.link = core::Link(direction.link, config.largest_frame, direction.owner, config.seed),
       .store = FrameStore(capacity.frames, capacity.bytes, largest),
       .owner = direction.owner,
       .queues = direction.link.queues,
       .reads_headers = core::needs_headers(direction.link),
       .carries_pause = direction.carries_pause,
       .to_site = direction.to_site});
  if (!direction.hook.empty()) {
    directions_[d].hook = &hooks_.try_emplace(direction.hook, direction.hook).first->second;
  }
  const SiteSwitch::Port near_end = attach(direction.from_site, {false, d});
  // Frames of the opposite direction come in where this one goes out.
  for (std::size_t r = 0; r < d; ++r) {
    const core::StreamOwner& other = config.directions[r].owner;
    if (other.link != direction.owner.link || other.direction == direction.owner.direction) continue;
    directions_[r].arrives_at = near_end;
    sites_[direction.from_site].endpoints[near_end].arriving = r;
    auto& far_ends = sites_[direction.to_site].endpoints;
    for (std::size_t e = 0; e < far_ends.size(); ++e) {
      if (far_ends[e].is_host || far_ends[e].index != r) continue;
      directions_[d].arrives_at = static_cast<SiteSwitch::Port>(e);
      far_ends[e].arriving = d;
    }
  }
}

}  // namespace longhaul::dataplane
