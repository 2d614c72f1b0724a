// SPDX-License-Identifier: GPL-2.0-only
//
// A frame's way through a Loop: from a host's port to links and on to hosts' ports. MAC control frames, which
// no switch forwards, pause the links that end at their site, or travel on over links that carry them.
#include <rte_mbuf.h>
#include <rte_memcpy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "emulator/dataplane/choose_way.h"
#include "emulator/dataplane/frame_header.h"
#include "emulator/dataplane/loop.h"
#include "emulator/dataplane/loop_sink.h"
#include "emulator/dataplane/mbuf_tag.h"

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kAddresses = 12, kTag = 4;  // bytes before an 802.1Q tag, and of one

void put_bytes(rte_mbuf* empty, std::span<const std::byte> bytes) {
  empty->data_len = static_cast<std::uint16_t>(bytes.size());
  empty->pkt_len = static_cast<std::uint32_t>(bytes.size());
  rte_memcpy(rte_pktmbuf_mtod(empty, void*), bytes.data(), bytes.size());
}

void insert_tag(rte_mbuf* mbuf, std::uint16_t vlan) {
  char* const start = rte_pktmbuf_prepend(mbuf, kTag);
  if (start == nullptr) return;  // every pool has headroom
  std::memmove(start, start + kTag, kAddresses);
  const std::array<std::uint8_t, kTag> tag{0x81, 0x00, static_cast<std::uint8_t>(vlan >> 8),
                                           static_cast<std::uint8_t>(vlan)};
  std::memcpy(start + kAddresses, tag.data(), kTag);
}

void strip_tag(rte_mbuf* mbuf) {
  char* const start = rte_pktmbuf_mtod(mbuf, char*);
  std::memmove(start + kTag, start, kAddresses);
  rte_pktmbuf_adj(mbuf, kTag);
}

}  // namespace

void Loop::take(rte_mbuf* mbuf, std::uint32_t port, Instant now) {
  PortState& from = ports_[port];
  ++from.counters.rx_frames;
  from.counters.rx_bytes += mbuf->pkt_len;
  if (mbuf->nb_segs != 1 || mbuf->pkt_len > largest_frame_.count()) {
    ++from.counters.losses.oversized;
    rte_pktmbuf_free(mbuf);
    return;
  }
  SiteState& site = sites_[from.site];
  InHand frame{bytes_of(mbuf), mbuf, port, {}, {kNone, now}};
  const auto here = static_cast<std::uint16_t>(site.index);
  if (is_mac_control(frame.bytes)) {
    from.counters.pause_frames += read_pause(frame.bytes).has_value();
    frame.label = Label(here, Label::kMacControl, 0, 0, 0, core::Ecn::kNotCapable, 0);
    spread_control(frame, site, kNone);
    return dispose(frame);
  }
  const SiteSwitch::Decision decision = site.bridge.from_host(frame.bytes, from.endpoint, now);
  if (decision.action == SiteSwitch::Action::kFilter) return dispose(frame);
  const bool is_flood = decision.action == SiteSwitch::Action::kFlood;
  const FrameHeader header = reads_headers_ ? read_header(frame.bytes) : FrameHeader{};
  frame.label = Label(here, is_flood ? Label::kEveryone : decision.where, decision.vlan, header.pcp,
                      header.dscp, header.ecn, header.flow);
  if (decision.action == SiteSwitch::Action::kPort) {
    send_to_host(frame, site, decision.where, true);
  } else {
    if (is_flood) send_to_hosts(frame, site, decision, from.endpoint);
    send_on(frame, site);
  }
  dispose(frame);
}

// From within a link, which must not be entered again: what may lead to another link waits until this one has
// returned.
void Loop::deliver(std::uint32_t direction, const core::Frame& frame, Instant due) {
  DirectionState& state = directions_[direction];
  hooks::HookPlace* const hook = state.hooks[LH_EGRESS].get();
  if (hook == nullptr) return leave(direction, frame.cookie, frame.marked, due);
  if (frame.marked) {
    InHand kept = in_hand(state, frame.cookie);
    if (mark_congestion(kept.bytes)) kept.label.set_ecn(core::Ecn::kExperienced);
    write_label(state, frame.cookie, kept.label);
  }
  hook->stage.meet(frame.cookie, frame.size, due, HookSink{*this, direction, LH_EGRESS});
}

void Loop::leave(std::uint32_t direction, std::uint64_t cookie, bool marked, Instant due) {
  DirectionState& state = directions_[direction];
  if (state.to_lcore != lcore_) return hand_over(state, cookie, marked, due);
  if (state.is_onward || state.carries_pause) {
    deliveries_.push_back({direction, marked, cookie, due});
  } else {
    carry_on(state, state, cookie, marked, due);
  }
}

// From a direction; `keeper` is the one that has its bytes, another one where a simulator led it on.
void Loop::carry_on(DirectionState& keeper, DirectionState& state, std::uint64_t cookie, bool marked,
                    Instant due) {
  InHand frame = in_hand(keeper, cookie);
  frame.origin = {state.index, due};
  if (marked) {
    if (mark_congestion(frame.bytes)) frame.label.set_ecn(core::Ecn::kExperienced);
  }
  if (state.capture != nullptr && frame.label.capture() > state.capture_base) [[unlikely]] {
    state.capture->released(frame.label.capture() - state.capture_base, frame.bytes, due);
  }
  if (frame.mbuf != nullptr) ++ports_[frame.holder].may_hold;
  arrive(frame, sites_[to_site_[state.index]], state.index);
  dispose(frame);
  if (!is_held(cookie)) keeper.store.release(cookie);
}

// At a site of ours, over a direction of ours or of another lcore.
void Loop::arrive(InHand& frame, SiteState& site, std::uint32_t direction) {
  if (frame.label.egress() == Label::kMacControl) return spread_control(frame, site, direction);
  const bool to_everyone = frame.label.egress() == Label::kEveryone;
  if (to_everyone || frame.label.egress() == site.index) {
    const SiteSwitch::Decision decision = site.bridge.from_site(
        frame.bytes, frame.label.vlan(), frame.label.ingress(), to_everyone, frame.origin.due);
    if (decision.action == SiteSwitch::Action::kPort) return send_to_host(frame, site, decision.where, true);
    if (decision.action == SiteSwitch::Action::kFlood) send_to_hosts(frame, site, decision, kNone);
    if (!to_everyone) return;
  }
  send_on(frame, site);
}

void Loop::send_on(InHand& frame, const SiteState& site) {
  if (frame.label.egress() != Label::kEveryone) {
    const std::vector<std::uint32_t>& ways = site.next_hops[frame.label.egress()];
    return offer(ways[choose_way(ways.size(), frame.label.flow(), site.index)], frame, true);
  }
  const std::vector<std::uint32_t>& branches = site.trees[frame.label.ingress()];
  for (std::size_t b = 0; b < branches.size(); ++b) offer(branches[b], frame, b + 1 == branches.size());
}

void Loop::send_to_hosts(InHand& frame, const SiteState& site, SiteSwitch::Decision decision,
                         std::uint32_t except) {
  for (SiteSwitch::Port p = 0; p < site.hosts.size(); ++p) {
    if (p != except && site.bridge.is_member(p, decision.vlan)) send_to_host(frame, site, p, false);
  }
}

void Loop::send_to_host(InHand& frame, const SiteState& site, SiteSwitch::Port endpoint, bool is_last) {
  const std::uint32_t port = site.hosts[endpoint];
  rte_mbuf* mbuf = is_last ? frame.mbuf : nullptr;
  if (mbuf != nullptr) {
    frame.mbuf = nullptr;
  } else {
    mbuf = empty_buffer(ports_[port]);
    if (mbuf == nullptr) {
      ++ports_[port].counters.losses.no_buffer;
      return;
    }
    put_bytes(mbuf, frame.bytes);
  }
  if (frame.label.vlan() != 0) {
    const bool is_tagged = vlan_of(bytes_of(mbuf)) != 0,
               wants_tag = site.bridge.is_tagged(endpoint, frame.label.vlan());
    if (wants_tag && !is_tagged) insert_tag(mbuf, frame.label.vlan());
    if (is_tagged && !wants_tag) strip_tag(mbuf);
  }
  stage(port, mbuf, frame.origin);
}

// A MAC control frame at a site: over links that carry it, and from there to hosts; a pause also to the far
// ends of the links that end here, whose neighbour the sender is.
void Loop::spread_control(InHand& frame, const SiteState& site, std::uint32_t from_direction) {
  const bool is_pause = read_pause(frame.bytes).has_value();
  if (from_direction != kNone) {
    for (SiteSwitch::Port p = 0; p < site.hosts.size(); ++p) send_to_host(frame, site, p, false);
  }
  for (const std::uint32_t d : site.trees[frame.label.ingress()]) {
    if (carries_pause_[d]) offer(d, frame, false);
  }
  for (const std::uint32_t d : site.arriving) {
    if (!is_pause || d == from_direction || carries_pause_[d]) continue;
    if (local_[d] != kNone) {
      pause_far_end(d, frame.bytes, frame.origin.due);
    } else {
      hand_to(owner_lcore_[d], frame.bytes, frame.label, {nullptr, frame.origin.due, d, true},
              statistics_.lost_pauses);
    }
  }
}

void Loop::pause_far_end(std::uint32_t direction, std::span<const std::byte> bytes, Instant at) {
  const std::uint32_t d = local_[direction];
  DirectionState& state = directions_[d];
  const std::optional<Pause> pause = read_pause(bytes);
  if (!pause) return;
  const Pause classes = by_class(*pause, state.queues);
  state.link.pause_far_end(classes.priorities, classes.quanta, at, DirectionSink{*this, d});
  renew_next(d);
}

// Hands a copy of a frame to a direction that begins here; the frame itself when it is the last that needs
// it.
void Loop::offer(std::uint32_t direction, InHand& frame, bool is_last) {
  const std::uint32_t d = local_[direction];
  DirectionState& state = directions_[d];
  const Instant at = frame.origin.due;
  frame.label.set_capture(0);
  frame.label.clear_class();
  const bool meets_hook = state.hooks[LH_INGRESS] != nullptr;
  if (state.capture != nullptr && !meets_hook) [[unlikely]] {
    if (const std::uint32_t number = state.capture->offered(frame.bytes, at)) {
      state.capture_last = state.capture_base + number;
      frame.label.set_capture(state.capture_last);
    }
  }
  const auto size = static_cast<std::uint32_t>(frame.bytes.size());
  const Label label = frame.label;
  const std::optional<std::uint64_t> cookie = keep(state, frame, is_last);
  if (!cookie) {
    ++state.store_full;
    return;
  }
  if (state.simulated != nullptr) return enter_simulated(state, *cookie, frame, at);
  if (meets_hook) {
    state.hooks[LH_INGRESS]->stage.meet(*cookie, size, at, HookSink{*this, d, LH_INGRESS});
  } else {
    enter(d, *cookie, size, label, at);
  }
  renew_next(d);
}

void Loop::enter(std::uint32_t d, std::uint64_t cookie, std::uint32_t size, const Label& label, Instant at) {
  DirectionState& state = directions_[d];
  core::Frame offered{cookie, at, size};
  if (state.reads_headers) {
    offered.flow = label.flow();
    offered.pcp = label.pcp();
    offered.dscp = label.dscp();
    offered.ecn = label.ecn();
    offered.forced_class = label.forced_class();
  }
  if (at < state.link.time()) {
    ++state.entered_late;
    state.latest_entry = std::max(state.latest_entry, state.link.time() - at);
  }
  state.link.push(std::span(&offered, 1), DirectionSink{*this, d});
}

// A frame goes on from a hook: into the link, or away from it.
void Loop::pass_hook(std::uint32_t d, lh_place place, std::uint64_t cookie, std::uint32_t size, Instant at) {
  if (place == LH_EGRESS) return leave(d, cookie, false, at);
  DirectionState& state = directions_[d];
  InHand kept = in_hand(state, cookie);
  if (state.capture != nullptr && kept.label.capture() <= state.capture_base) [[unlikely]] {
    if (const std::uint32_t number = state.capture->offered(kept.bytes, at)) {
      state.capture_last = state.capture_base + number;
      kept.label.set_capture(state.capture_last);
      write_label(state, cookie, kept.label);
    }
  }
  enter(d, cookie, size, kept.label, at);
}

void Loop::write_label(DirectionState& state, std::uint64_t cookie, const Label& label) {
  if (is_held(cookie)) {
    tag_of(held_mbuf(cookie)).label = label;
  } else {
    std::memcpy(state.store.bytes(cookie).data(), &label, sizeof(Label));
  }
}

// Where a frame stays while the link holds it: large ones in their buffer, when it is from a pool of ours
// that has some to spare, others as a copy.
std::optional<std::uint64_t> Loop::keep(DirectionState& state, InHand& frame, bool is_last) {
  if (is_last && frame.mbuf != nullptr && frame.holder != kNone) {
    PortState& holder = ports_[frame.holder];
    if (frame.bytes.size() >= holder.hold_from && holder.may_hold != 0) {
      --holder.may_hold;
      ++state.held_frames;
      tag_of(frame.mbuf) = {frame.label, frame.holder};
      return cookie_of(std::exchange(frame.mbuf, nullptr));
    }
  }
  const std::optional<std::uint64_t> cookie =
      state.store.reserve(static_cast<std::uint32_t>(sizeof(Label) + frame.bytes.size()));
  if (!cookie) return cookie;
  ++state.copied_frames;
  const std::span<std::byte> room = state.store.bytes(*cookie);
  std::memcpy(room.data(), &frame.label, sizeof(Label));
  rte_memcpy(room.data() + sizeof(Label), frame.bytes.data(), frame.bytes.size());
  return cookie;
}

Loop::InHand Loop::in_hand(DirectionState& state, std::uint64_t cookie) {
  if (is_held(cookie)) {
    rte_mbuf* const mbuf = held_mbuf(cookie);
    const MbufTag& tag = tag_of(mbuf);
    return {bytes_of(mbuf), mbuf, static_cast<std::uint32_t>(tag.holder), tag.label, {}};
  }
  const std::span<std::byte> kept = state.store.bytes(cookie);
  InHand frame{kept.subspan(sizeof(Label)), nullptr, kNone, {}, {}};
  std::memcpy(&frame.label, kept.data(), sizeof(Label));
  return frame;
}

void Loop::release(DirectionState& state, std::uint64_t cookie) {
  if (!is_held(cookie)) return state.store.release(cookie);
  rte_mbuf* const mbuf = held_mbuf(cookie);
  ++ports_[tag_of(mbuf).holder].may_hold;
  give_back(mbuf);
}

void Loop::give_back_used() {
  rte_pktmbuf_free_bulk(used_.data(), static_cast<unsigned>(used_.size()));
  used_.clear();
}

rte_mbuf* Loop::empty_buffer(PortState& state) {
  if (state.spare.empty()) {
    state.spare.resize(kBurst);
    if (!state.port->allocate_bulk(state.spare)) state.spare.clear();
  }
  if (state.spare.empty()) return state.port->allocate();
  rte_mbuf* const empty = state.spare.back();
  state.spare.pop_back();
  return empty;
}

void Loop::capture_drop(DirectionState& state, const core::Frame& frame, core::DropCause cause) {
  const InHand dropped = in_hand(state, frame.cookie);
  if (dropped.label.capture() <= state.capture_base) return;
  state.capture->dropped(dropped.label.capture() - state.capture_base, dropped.bytes, cause, frame.at);
}

// To the lcore that owns the far end. A frame that is held where it lies goes as a copy too: its buffer
// belongs to a pool whose holder counts it here.
void Loop::hand_over(DirectionState& state, std::uint64_t cookie, bool marked, Instant due) {
  InHand kept = in_hand(state, cookie);
  if (marked) {
    if (mark_congestion(kept.bytes)) kept.label.set_ecn(core::Ecn::kExperienced);
  }
  if (state.capture != nullptr && kept.label.capture() > state.capture_base) [[unlikely]] {
    state.capture->released(kept.label.capture() - state.capture_base, kept.bytes, due);
  }
  hand_to(state.to_lcore, kept.bytes, kept.label, {nullptr, due, state.index, false}, state.handover_full);
  release(state, cookie);
}

void Loop::hand_to(std::size_t lcore, std::span<const std::byte> bytes, const Label& label, Handover handover,
                   std::uint64_t& lost) {
  handover.mbuf = rte_pktmbuf_alloc(transfer_);
  if (handover.mbuf == nullptr) {
    ++lost;
    return;
  }
  put_bytes(handover.mbuf, bytes);
  tag_of(handover.mbuf) = {label, kNone};
  const bool taken = mailboxes_[lcore].handovers[lcore_].write([&](Handover& slot) { slot = handover; });
  if (taken) return;
  ++lost;
  rte_pktmbuf_free(handover.mbuf);
}

void Loop::receive_handover(const Handover& handover) {
  InHand frame{bytes_of(handover.mbuf), handover.mbuf, kNone, {}, {handover.direction, handover.due}};
  if (handover.is_pause) {
    pause_far_end(handover.direction, frame.bytes, handover.due);
  } else {
    frame.label = tag_of(handover.mbuf).label;
    arrive(frame, sites_[to_site_[handover.direction]], handover.direction);
  }
  dispose(frame);
}

}  // namespace longhaul::dataplane
