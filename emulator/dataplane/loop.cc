// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/loop.h"

#include <rte_mbuf.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "emulator/dataplane/frame_header.h"
#include "nic/priority.h"

namespace longhaul::dataplane {
namespace {

std::span<const std::byte> bytes_of(const rte_mbuf* mbuf) {
  return {rte_pktmbuf_mtod(mbuf, const std::byte*), mbuf->data_len};
}

}  // namespace

struct Loop::DirectionSink {
  Loop& loop;
  std::size_t direction;
  void deliver(const core::Frame& frame, Instant due) { loop.arrive(direction, frame, due); }
  void drop(const core::Frame& frame, core::DropCause) {
    loop.directions_[direction].store.release(frame.cookie);
  }
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
    DirectionState& state = loop.directions_[direction];
    const std::optional<std::uint64_t> copy = state.store.reserve(frame.size);
    if (copy) {
      std::memcpy(state.store.bytes(*copy).data(), state.store.bytes(frame.cookie).data(), frame.size);
    } else {
      ++state.store_full;
    }
    return copy;
  }
  void corrupt(const core::Frame& frame, std::uint64_t bit) {
    loop.directions_[direction].store.bytes(frame.cookie)[bit / 8] ^= std::byte(0x80 >> (bit % 8));
  }
};

void Loop::run(const std::atomic<bool>& stop) {
  nic::prepare_polling_thread();
  previous_turn_ = clock_.now();
  while (!stop.load(std::memory_order_relaxed)) {
    const Instant now = clock_.now();
    record_lateness(now);
    release_due(now);
    const bool received = receive(now);
    const bool transmitted = transmit();
    publish(now);
    rest(now, received || transmitted);
  }
  record_lateness(clock_.now());
}

// Lateness is taken at the clock read that follows the transmit call, so it includes what the driver took.
void Loop::record_lateness(Instant now) {
  for (const Origin& origin : sent_) directions_[origin.direction].lateness.record(now - origin.due);
  sent_.clear();
}

void Loop::release_due(Instant now) {
  for (const std::size_t d : release_order_) directions_[d].link.advance(now, DirectionSink{*this, d});
}

bool Loop::receive(Instant now) {
  bool any = false;
  std::array<rte_mbuf*, kBurst> burst;
  for (PortState& state : ports_) {
    const std::uint16_t count = state.port->receive(burst);
    for (std::uint16_t i = 0; i < count; ++i) take(burst[i], state, now);
    any |= count != 0;
  }
  return any;
}

void Loop::take(rte_mbuf* mbuf, PortState& from, Instant now) {
  ++from.counters.rx_frames;
  from.counters.rx_bytes += mbuf->pkt_len;
  if (mbuf->nb_segs != 1 || mbuf->pkt_len > largest_frame_.count()) {
    ++from.counters.losses.oversized;
    rte_pktmbuf_free(mbuf);
    return;
  }
  SiteState& site = sites_[from.site];
  const std::span<const std::byte> bytes = bytes_of(mbuf);
  if (is_mac_control(bytes)) {
    from.counters.pause_frames += read_pause(bytes).has_value();
    spread_control(site, from.endpoint, bytes, {kNoDirection, now});
    rte_pktmbuf_free(mbuf);
    return;
  }
  const SiteSwitch::Decision decision = site.bridge.decide(bytes, from.endpoint, now);
  if (decision.action == SiteSwitch::Action::kForward && site.endpoints[decision.port].is_host) {
    stage(site.endpoints[decision.port].index, mbuf, {});
    return;
  }
  distribute(site, decision, from.endpoint, bytes, {kNoDirection, now});
  rte_pktmbuf_free(mbuf);
}

void Loop::arrive(std::size_t direction, const core::Frame& frame, Instant due) {
  DirectionState& state = directions_[direction];
  // These bytes stay where they are while they are copied on: nothing that a delivery sets off leads back to
  // this direction (upstream_first()), so nothing is reserved in its store.
  const std::span<std::byte> bytes = state.store.bytes(frame.cookie);
  if (frame.marked) mark_congestion(bytes);
  SiteState& site = sites_[state.to_site];
  if (is_mac_control(bytes)) {
    spread_control(site, state.arrives_at, bytes, {direction, due});
  } else {
    const SiteSwitch::Decision decision = site.bridge.decide(bytes, state.arrives_at, due);
    distribute(site, decision, state.arrives_at, bytes, {direction, due});
  }
  state.store.release(frame.cookie);
}

// Copies a frame to every endpoint that the decision names. `origin.due` is when the frame is there to be
// sent on.
void Loop::distribute(const SiteState& site, SiteSwitch::Decision decision, SiteSwitch::Port in,
                      std::span<const std::byte> bytes, Origin origin) {
  for (std::size_t e = 0; e < site.endpoints.size(); ++e) {
    const bool wanted = (decision.action == SiteSwitch::Action::kFlood && e != in) ||
                        (decision.action == SiteSwitch::Action::kForward && e == decision.port);
    if (!wanted) continue;
    if (site.endpoints[e].is_host) {
      copy_to_host(site.endpoints[e].index, bytes, origin);
    } else {
      offer(site.endpoints[e].index, bytes, origin.due);
    }
  }
}

// A MAC control frame that came in at `in`: over links that carry it, and from there to hosts; a pause also
// to the far ends of the links that end here, whose neighbour the sender is.
void Loop::spread_control(const SiteState& site, SiteSwitch::Port in, std::span<const std::byte> bytes,
                          Origin origin) {
  const std::optional<Pause> pause = read_pause(bytes);
  for (std::size_t e = 0; e < site.endpoints.size(); ++e) {
    const Endpoint& endpoint = site.endpoints[e];
    if (e == in) continue;
    if (endpoint.is_host) {
      if (origin.direction != kNoDirection) copy_to_host(endpoint.index, bytes, origin);
    } else if (directions_[endpoint.index].carries_pause) {
      offer(endpoint.index, bytes, origin.due);
    } else if (pause && endpoint.arriving != kNoDirection) {
      DirectionState& state = directions_[endpoint.arriving];
      const Pause classes = by_class(*pause, state.queues);
      state.link.pause_far_end(classes.priorities, classes.quanta, origin.due,
                               DirectionSink{*this, endpoint.arriving});
    }
  }
}

bool Loop::hook_drops(DirectionState& state, DirectionSink sink, std::span<const std::byte> bytes,
                      Instant at) {
  state.link.advance(at, sink);  // so that the program sees the queue that the frame would meet
  lh_hook_ctx context;
  context.at_ns = static_cast<std::uint64_t>(at.since_zero().ns());
  context.queue_bytes = state.link.queue_bytes();
  context.link = state.owner.link;
  context.direction = state.owner.direction;
  hooks::set_frame(context, bytes);
  return state.hook->run(context) == LH_DROP;
}

void Loop::offer(std::size_t direction, std::span<const std::byte> bytes, Instant at) {
  DirectionState& state = directions_[direction];
  if (state.hook != nullptr && hook_drops(state, DirectionSink{*this, direction}, bytes, at)) {
    state.hook_dropped.add(bytes.size());
    return;
  }
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::optional<std::uint64_t> cookie = state.store.reserve(size);
  if (!cookie) {
    ++state.store_full;
    return;
  }
  std::memcpy(state.store.bytes(*cookie).data(), bytes.data(), bytes.size());
  core::Frame frame{*cookie, at, size};
  if (state.reads_headers) {
    const FrameHeader header = read_header(bytes);
    frame.flow = header.flow;
    frame.pcp = header.pcp;
    frame.dscp = header.dscp;
    frame.ecn = header.ecn;
  }
  state.link.push(std::span(&frame, 1), DirectionSink{*this, direction});
}

void Loop::copy_to_host(std::size_t port, std::span<const std::byte> bytes, Origin origin) {
  rte_mbuf* mbuf = ports_[port].port->allocate();
  if (mbuf == nullptr) {
    ++ports_[port].counters.losses.no_buffer;
    return;
  }
  char* room = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(bytes.size()));
  std::memcpy(room, bytes.data(), bytes.size());
  stage(port, mbuf, origin);
}

void Loop::stage(std::size_t port, rte_mbuf* mbuf, Origin origin) {
  PortState& state = ports_[port];
  // After a stall more may be due at once than the backlog holds: try the port before giving up on a frame.
  if (state.staged.size() == kBacklog) send_staged(state);
  if (state.staged.size() == kBacklog) {
    ++state.counters.losses.tx_refused;
    rte_pktmbuf_free(mbuf);
    return;
  }
  state.staged.push_back(mbuf);
  state.origins.push_back(origin);
}

bool Loop::transmit() {
  bool any = false;
  for (PortState& state : ports_) {
    if (state.staged.empty()) continue;
    send_staged(state);
    any = true;
  }
  return any;
}

void Loop::send_staged(PortState& state) {
  std::size_t done = 0;
  while (done < state.staged.size()) {
    const auto burst = std::span(state.staged).subspan(done, std::min(kBurst, state.staged.size() - done));
    if (sent_.size() + kBurst > sent_.capacity()) record_lateness(clock_.now());  // after a stall only
    std::array<std::uint32_t, kBurst> lengths;  // read now: a frame that was taken is no longer ours
    for (std::size_t i = 0; i < burst.size(); ++i) lengths[i] = burst[i]->pkt_len;
    const std::uint16_t taken = state.port->transmit(burst);
    for (std::size_t i = 0; i < taken; ++i) {
      state.counters.tx_bytes += lengths[i];
      if (state.origins[done + i].direction != kNoDirection) sent_.push_back(state.origins[done + i]);
    }
    state.counters.tx_frames += taken;
    done += taken;
    if (taken < burst.size()) break;
  }
  state.staged.erase(state.staged.begin(), state.staged.begin() + static_cast<std::ptrdiff_t>(done));
  state.origins.erase(state.origins.begin(), state.origins.begin() + static_cast<std::ptrdiff_t>(done));
}

void Loop::publish(Instant now) {
  ++statistics_.turns;
  statistics_.longest_turn = std::max(statistics_.longest_turn, now - previous_turn_);
  previous_turn_ = now;
  if (now < next_sample_) return;
  next_sample_ = now + sample_interval_;
  samples_.write([&](Sample& sample) { fill(sample, now); });
}

void Loop::fill(Sample& sample, Instant now) {
  sample.at = now;
  for (std::size_t d = 0; d < directions_.size(); ++d) {
    DirectionState& state = directions_[d];
    sample.directions[d] = {state.link.counters(), state.hook_dropped, state.link.take_interval_peak(),
                            state.store_full};
  }
  for (std::size_t p = 0; p < ports_.size(); ++p) sample.ports[p] = ports_[p].counters;
}

// Polite when idle: after some empty turns, sleep for a little unless a frame is due before a sleep would
// end.
void Loop::rest(Instant now, bool was_busy) {
  constexpr unsigned kPatience = 16;
  constexpr Duration kNap = Duration::microseconds(20);
  constexpr Duration kWakeUp = Duration::microseconds(60);  // a timer may fire this late on a virtual machine
  idle_turns_ = was_busy ? 0 : idle_turns_ + 1;
  if (idle_turns_ < kPatience || next_event() < now + kNap + kWakeUp) return;
  ++statistics_.idle_sleeps;
  const timespec nap{0, kNap.ns()};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
}

Instant Loop::next_event() const {
  Instant earliest = Instant::never();
  for (const DirectionState& state : directions_) earliest = std::min(earliest, state.link.next_event());
  return earliest;
}

}  // namespace longhaul::dataplane
