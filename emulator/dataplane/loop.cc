// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/loop.h"

#include <rte_mbuf.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "nic/priority.h"

namespace longhaul::dataplane {
namespace {

std::span<const std::byte> bytes_of(const rte_mbuf* mbuf) {
  return {rte_pktmbuf_mtod(mbuf, const std::byte*), mbuf->data_len};
}

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

Loop::Loop(const EngineConfig& config, std::vector<nic::Port>& ports, SampleQueue& samples)
    : largest_frame_(config.largest_frame),
      sample_interval_(config.sample_interval),
      samples_(samples),
      release_order_(upstream_first(config.directions)) {
  for (std::size_t s = 0; s < config.sites; ++s) sites_.push_back({SiteSwitch(config.flood_limit), {}});
  auto attach = [this](std::size_t site, Endpoint endpoint) {
    sites_[site].endpoints.push_back(endpoint);
    return static_cast<SiteSwitch::Port>(sites_[site].endpoints.size() - 1);
  };
  for (std::size_t p = 0; p < ports.size(); ++p) {
    PortState& state = ports_.emplace_back();
    state.port = &ports[p];
    state.site = config.ports[p].site;
    state.endpoint = attach(state.site, {true, p});
    state.staged.reserve(kBacklog);
    state.origins.reserve(kBacklog);
  }
  for (std::size_t d = 0; d < config.directions.size(); ++d) {
    const DirectionConfig& direction = config.directions[d];
    const core::LinkCapacity capacity = core::capacity_of(direction.link, config.largest_frame);
    const auto largest = static_cast<std::uint32_t>(config.largest_frame.count());
    directions_.push_back(
        {.link = core::Link(direction.link, config.largest_frame, direction.owner, config.seed),
         .store = FrameStore(capacity.frames, capacity.bytes, largest),
         .owner = direction.owner,
         .to_site = direction.to_site});
    if (!direction.hook.empty()) {
      directions_[d].hook = &hooks_.try_emplace(direction.hook, direction.hook).first->second;
    }
    const SiteSwitch::Port near_end = attach(direction.from_site, {false, d});
    // Frames of the opposite direction come in where this one goes out.
    for (std::size_t r = 0; r < config.directions.size(); ++r) {
      const core::StreamOwner& other = config.directions[r].owner;
      if (other.link == direction.owner.link && other.direction != direction.owner.direction && r < d) {
        directions_[r].arrives_at = near_end;
        const auto& far_ends = sites_[direction.to_site].endpoints;
        for (std::size_t e = 0; e < far_ends.size(); ++e) {
          if (!far_ends[e].is_host && far_ends[e].index == r) {
            directions_[d].arrives_at = static_cast<SiteSwitch::Port>(e);
          }
        }
      }
    }
  }
  sent_.reserve(ports_.size() * kBacklog);
}

Loop::~Loop() {
  for (PortState& state : ports_) {
    for (rte_mbuf* mbuf : state.staged) rte_pktmbuf_free(mbuf);
  }
}

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
  const std::span<const std::byte> bytes = state.store.bytes(frame.cookie);
  SiteState& site = sites_[state.to_site];
  const SiteSwitch::Decision decision = site.bridge.decide(bytes, state.arrives_at, due);
  distribute(site, decision, state.arrives_at, bytes, {direction, due});
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

bool Loop::hook_drops(DirectionState& state, DirectionSink sink, std::span<const std::byte> bytes,
                      Instant at) {
  state.link.advance(at, sink);  // so that the program sees the queue that the frame would meet
  lh_hook_ctx context;
  context.at_ns = static_cast<std::uint64_t>(at.since_zero().ns());
  context.queue_bytes = state.link.counters().queue_bytes;
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
  const core::Frame frame{*cookie, at, size};
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
