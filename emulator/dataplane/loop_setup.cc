// SPDX-License-Identifier: GPL-2.0-only
//
// How a Loop is put together: which sites, ports and links are its own, and which of them feed each other.
#include <rte_mbuf.h>

#include <algorithm>

#include "emulator/dataplane/loop.h"
#include "emulator/dataplane/memory_plan.h"

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kDeliveries = 65'536;  // that wait at once: after a stall of a fast link

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Whether anything that direction `d` delivers goes on from its far end.
bool feeds_others(const EngineConfig& config, std::uint32_t d) {
  const SiteConfig& near = config.sites[config.directions[d].from_site];
  const std::size_t far_index = config.directions[d].to_site;
  const SiteConfig& far = config.sites[far_index];
  for (std::size_t s = 0; s < config.sites.size(); ++s) {
    if (s != far_index && contains(near.next_hops[s], d)) return true;
    if (contains(near.trees[s], d) && !far.trees[s].empty()) return true;
  }
  return false;
}

// In the place of a link that a simulator drives.
core::LinkConfig smallest_link(const EngineConfig& config) {
  core::LinkConfig link;
  link.rate = BitRate::gigabits_per_second(1);
  link.buffer = config.largest_frame;
  return link;
}

}  // namespace

Loop::Loop(const EngineConfig& config, std::size_t lcore, const Surroundings& given)
    : lcore_(lcore),
      clock_(given.clock),
      board_(config.background),
      largest_frame_(config.largest_frame),
      sample_interval_(config.sample_interval),
      mailbox_(given.mailboxes[lcore]),
      mailboxes_(given.mailboxes),
      transfer_(given.transfer),
      shares_cpu_(std::count(config.lcores.begin(), config.lcores.end(), config.lcores[lcore]) > 1),
      lateness_(config.directions.size()),
      published_lateness_(config.directions.size()) {
  statistics_.cpu = config.lcores[lcore];
  add_sites(config);
  for (std::size_t p = 0; p < config.ports.size(); ++p) {
    if (config.sites[config.ports[p].site].lcore == lcore) add_port(p, config, *given.ports[p]);
  }
  local_.assign(config.directions.size(), kNone);
  to_site_.assign(config.directions.size(), kNone);
  for (std::size_t d = 0; d < config.directions.size(); ++d) add_direction(d, config, given.hooks);
  for (const DirectionState& state : directions_) {
    if (!given.decisions.empty())
      directions_[local_[state.index]].link.log_decisions(&given.decisions[state.index]);
  }
  add_static_addresses(config);
  next_.assign(directions_.size(), Instant::never());
  for (std::uint32_t d = 0; d < directions_.size(); ++d) {
    if (directions_[d].simulated != nullptr) continue;
    (directions_[d].is_onward ? onward_ : ending_).push_back(d);
    const bool listens = config.directions[directions_[d].index].link.most_background_wait != Duration();
    if (board_ != nullptr && listens) listening_.push_back(d);
    renew_next(d);
  }
  deliveries_.reserve(kDeliveries);
  used_.reserve(kBurst);
  handovers_.reserve(Mailbox::kHandovers);
  sent_.reserve((ports_.size() + 1) * kBacklog);
}

Loop::~Loop() {
  for (PortState& state : ports_) {
    for (rte_mbuf* mbuf : state.staged) rte_pktmbuf_free(mbuf);
    for (rte_mbuf* mbuf : state.spare) rte_pktmbuf_free(mbuf);
  }
}

void Loop::add_sites(const EngineConfig& config) {
  for (std::size_t s = 0; s < config.sites.size(); ++s) {
    const SiteConfig& site = config.sites[s];
    for (const auto& ways : site.next_hops) reads_headers_ |= ways.size() > 1;
    if (site.lcore != lcore_) continue;
    sites_.push_back({.index = s, .bridge = SiteSwitch(config.flood_limit)});
    sites_.back().next_hops = site.next_hops;
    sites_.back().trees = site.trees;
  }
}

void Loop::add_port(std::size_t p, const EngineConfig& config, nic::Port& opened) {
  const PortConfig& port = config.ports[p];
  PortState& state = ports_.emplace_back();
  port_indices_.push_back(static_cast<std::uint32_t>(p));
  state.port = &opened;
  state.site = static_cast<std::size_t>(
      std::find_if(sites_.begin(), sites_.end(), [&](const SiteState& s) { return s.index == port.site; }) -
      sites_.begin());
  SiteState& site = sites_[state.site];
  state.endpoint = site.bridge.add_port(port.vlan);
  site.hosts.push_back(static_cast<std::uint32_t>(ports_.size() - 1));
  state.may_hold = frames_to_hold(config, p);
  state.hold_from = hold_from(config);
  state.spare.reserve(kBurst);
  state.staged.reserve(kBacklog);
  state.origins.reserve(kBacklog);
}

void Loop::add_static_addresses(const EngineConfig& config) {
  for (std::size_t p = 0; p < config.ports.size(); ++p) {
    const PortConfig& port = config.ports[p];
    if (!port.mac) continue;
    for (SiteState& site : sites_) {
      if (site.index != port.site) {
        site.bridge.add_static_at_site(*port.mac, port.vlan, static_cast<std::uint16_t>(port.site));
        continue;
      }
      const auto mine = std::find(port_indices_.begin(), port_indices_.end(), p) - port_indices_.begin();
      site.bridge.add_static(*port.mac, port.vlan, ports_[static_cast<std::size_t>(mine)].endpoint);
    }
  }
}

void Loop::add_direction(std::size_t d, const EngineConfig& config, const Hooks& hooks) {
  const DirectionConfig& direction = config.directions[d];
  const auto index = static_cast<std::uint32_t>(d);
  reads_headers_ |= core::needs_headers(direction.link) || !direction.hooks.empty();
  carries_pause_.push_back(direction.carries_pause);
  owner_lcore_.push_back(static_cast<std::uint32_t>(config.sites[direction.from_site].lcore));
  for (std::uint32_t s = 0; s < sites_.size(); ++s) {
    if (sites_[s].index != direction.to_site) continue;
    to_site_[d] = s;
    sites_[s].arriving.push_back(index);
  }
  if (owner_lcore_[d] != lcore_) return;
  local_[d] = static_cast<std::uint32_t>(directions_.size());
  const core::LinkCapacity kept = stored_by(config, d);
  directions_.push_back(
      {.link = core::Link(direction.is_inline ? smallest_link(config) : direction.link, config.largest_frame,
                          direction.owner, config.seed),
       .store = FrameStore(kept.frames, kept.bytes, largest_stored(config.largest_frame)),
       .index = index,
       .owner = direction.owner,
       .queues = direction.link.queues,
       .reads_headers = core::needs_headers(direction.link) || !direction.hooks.empty(),
       .carries_pause = direction.carries_pause,
       .is_onward = config.sites[direction.to_site].lcore == lcore_ && feeds_others(config, index),
       .to_lcore = config.sites[direction.to_site].lcore});
  if (direction.is_inline) {
    inline_ = config.inline_exchange;
    least_hold_ = std::min(least_hold_, hold_of(direction.link, inline_->hold));
    directions_.back().simulated = std::make_unique<SimulatedLink>();
    directions_.back().simulated->said.direction = index;
  }
  for (const HookConfig& hook : direction.hooks) {
    for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
      const auto program = hooks.find({d, place});
      if (!hook.is_at(place) || program == hooks.end()) continue;
      const hooks::HookJudge judge(*program->second, place, direction.owner, config.seed);
      directions_.back().hooks[place] =
          std::make_unique<hooks::HookPlace>(judge, direction.link, hook.longest_delay, config.largest_frame);
    }
  }
}

}  // namespace longhaul::dataplane
