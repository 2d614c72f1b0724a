// SPDX-License-Identifier: GPL-2.0-only
//
// The turn of a Loop. What happens to a frame on its way is in forwarding.cc.
#include "emulator/dataplane/loop.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "emulator/dataplane/background_board.h"
#include "emulator/dataplane/loop_sink.h"
#include "nic/priority.h"

namespace longhaul::dataplane {
namespace {

constexpr Duration kNap = Duration::microseconds(20);
constexpr Duration kLookAtBoard = Duration::milliseconds(1);
constexpr Duration kStep = Duration::microseconds(100);  // 64 B at 300 Gbit/s: 45,000 frames

Duration thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Duration::seconds(time.tv_sec) + Duration::nanoseconds(time.tv_nsec);
}

}  // namespace

void Loop::run(const std::atomic<bool>& stop) {
  nic::prepare_polling_thread();
  previous_turn_ = clock_.now();
  while (!stop.load(std::memory_order_relaxed)) {
    if (!sent_.empty()) record_lateness(clock_.now());
    // The clock is read after the ports: a stall in between makes frames late, where the other way round
    // those that came meanwhile would enter before they came, and leave too early.
    poll_ports();
    const Instant now = clock_.now();
    take_orders();
    take_backgrounds(now);
    take_handovers();
    if (inline_ != nullptr) take_returns();
    release_due(now);
    const bool received = take_polled(now);
    if (inline_ != nullptr) inline_->entered_until.store(now.ps(), std::memory_order_release);
    const bool transmitted = transmit();
    publish(now);
    rest(now, received || transmitted);
  }
  record_lateness(clock_.now());
}

// Lateness is taken at the clock read that follows the transmit call, so it includes what the driver took.
void Loop::record_lateness(Instant now) {
  for (const Origin& origin : sent_) lateness_[origin.direction].record(now - origin.due);
  sent_.clear();
}

void Loop::take_orders() {
  ChangeOrder order;
  while (mailbox_.orders.read(order)) {
    const std::uint32_t direction = local_[order.direction];
    // There is room: Engine::change() counts what waits.
    if (directions_[direction].simulated != nullptr) {
      inline_->changes.write([&](ChangeOrder& slot) { slot = order; });
    } else {
      static_cast<void>(directions_[direction].link.plan(order.at, order.change));
    }
    renew_next(direction);
    mailbox_.orders_taken.store(mailbox_.orders_taken.load(std::memory_order_relaxed) + 1,
                                std::memory_order_release);
  }
  const std::uint64_t orders = mailbox_.attach_orders.load(std::memory_order_acquire);
  if (orders == mailbox_.attach_orders_seen.load(std::memory_order_relaxed)) return;
  for (DirectionState& state : directions_) {
    Capture* const capture = mailbox_.captures[state.index].load(std::memory_order_relaxed);
    if (capture != state.capture) state.capture_base = state.capture_last;
    state.capture = capture;
    for (std::size_t place = 0; place < state.hooks.size(); ++place) {
      const auto* const program = mailbox_.programs[state.index][place].load(std::memory_order_relaxed);
      if (program != nullptr) state.hooks[place]->judge.swap(*program);
    }
  }
  mailbox_.attach_orders_seen.store(orders, std::memory_order_release);
}

// What the board says holds from now on, until it says something else, however old that is; how old it is is
// recorded.
void Loop::take_backgrounds(Instant now) {
  for (const std::uint32_t d : listening_) {
    DirectionState& state = directions_[d];
    if (board_->generation(state.index) == state.background_generation) continue;
    const auto said = board_->read(state.index);
    if (!said || !state.link.plan(now, {.background = said->background})) continue;  // again in the next turn
    state.background_generation = said->generation;
    state.background_simulated = said->simulated;
    renew_next(d);
  }
  if (listening_.empty() || now < next_look_at_board_) return;
  next_look_at_board_ = now + kLookAtBoard;
  for (const std::uint32_t d : listening_) {
    DirectionState& state = directions_[d];
    background_age_.record(now - state.background_simulated);
    RealLoad load{.frames = state.link.offered_frames()};
    for (std::size_t c = 0; c < std::max<std::size_t>(state.queues.classes.size(), 1); ++c)
      load.offered[c] = state.link.offered_bytes(c);
    board_->tell_load(state.index, load);
  }
}

// Frames of other lcores that came since the last turn, in order of their due times.
void Loop::take_handovers() {
  handovers_.clear();
  for (core::HandoverQueue<Handover>& queue : mailbox_.handovers) {
    Handover handover;
    while (handovers_.size() < Mailbox::kHandovers && queue.read(handover)) {
      handover.order = static_cast<std::uint32_t>(handovers_.size());
      handovers_.push_back(handover);
    }
  }
  std::sort(handovers_.begin(), handovers_.end(), [](const Handover& a, const Handover& b) {
    return a.due != b.due ? a.due < b.due : a.order < b.order;
  });
}

// Everything that is due by `now` happens in order of due time wherever one link feeds another, whatever fed
// it: so a frame that crosses several links enters each at its due time from the one before, and in its place
// among those of other links. What ends at hosts follows in one go, or, where deliveries have to wait, in
// steps for which kDeliveries are enough after any stall.
void Loop::release_due(Instant now) {
  std::size_t handed = 0;
  while (true) {
    std::uint32_t first = kNone;
    Instant due = Instant::never();
    for (const std::uint32_t d : onward_) {
      if (next_[d] < due) first = d, due = next_[d];
    }
    if (handed < handovers_.size() && handovers_[handed].due <= std::min(due, next_held_back())) {
      receive_handover(handovers_[handed++]);
    } else if (next_held_back() <= std::min(due, now)) {
      release_held_back();
    } else {
      if (due > now) break;
      const Instant step = std::min(now, due + kStep);
      const bool is_alone = onward_.size() == 1 && handovers_.empty() && inline_ == nullptr;
      const Instant until = is_alone ? step : due;
      advance(first, until);
      renew_next(first);
      // A link may have nothing to do at the instant it named; it gets further by itself only with time.
      if (next_[first] <= until) {
        advance(first, step);
        renew_next(first);
      }
    }
    carry_on_all();
  }
  for (const std::uint32_t d : ending_) {
    DirectionState& state = directions_[d];
    for (Instant at = state.link.time() + kStep; state.carries_pause && at < now; at = at + kStep) {
      advance(d, at);
      carry_on_all();
    }
    advance(d, now);
    carry_on_all();
  }
  give_back_used();
}

// Each may set off others, which come after it.
void Loop::carry_on_all() {
  for (std::size_t i = 0; i < deliveries_.size(); ++i) {
    const Delivery& next = deliveries_[i];
    DirectionState& state = directions_[next.direction];
    carry_on(state, state, next.cookie, next.marked, next.due);
  }
  deliveries_.clear();
}

void Loop::poll_ports() {
  for (PortState& state : ports_) state.polled_count = state.port->receive(state.polled);
}

bool Loop::take_polled(Instant now) {
  bool any = !handovers_.empty();
  for (std::uint32_t p = 0; p < ports_.size(); ++p) {
    const auto& burst = ports_[p].polled;
    const std::uint16_t count = ports_[p].polled_count;
    constexpr std::uint16_t kAhead = 4;
    for (std::uint16_t i = 0; i < std::min(count, kAhead); ++i)
      rte_prefetch0(rte_pktmbuf_mtod(burst[i], void*));
    for (std::uint16_t i = 0; i < count; ++i) {
      if (i + kAhead < count) rte_prefetch0(rte_pktmbuf_mtod(burst[i + kAhead], void*));
      take(burst[i], p, now);
    }
    give_back_used();
    any |= count != 0;
  }
  carry_on_all();
  return any;
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

void Loop::stage(std::uint32_t port, rte_mbuf* mbuf, Origin origin) {
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
      if (state.origins[done + i].direction != kNone) sent_.push_back(state.origins[done + i]);
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
  const Duration turn = now - previous_turn_;
  if (idle_turns_ == 0) statistics_.worked += turn;
  statistics_.longest_turn = std::max(statistics_.longest_turn, turn);
  if (wake_up_ != Instant()) {
    if (now > wake_up_) statistics_.sleep_overrun += now - wake_up_;
    wake_up_ = Instant();
  } else if (turn > LoopStatistics::kGap) {
    ++statistics_.gaps;
    statistics_.gap_time += turn;
  }
  previous_turn_ = now;
  if (now < next_sample_) return;
  next_sample_ = now + sample_interval_;
  statistics_.cpu_time = thread_cpu_time();
  mailbox_.samples.write([&](LoopSample& sample) { fill(sample, now); });
}

void Loop::fill(LoopSample& sample, Instant now) {
  if (inline_ != nullptr) take_returns();
  sample.at = now;
  sample.slot = static_cast<std::uint64_t>(now.since_zero().ps() / sample_interval_.ps());
  for (std::size_t d = 0; d < directions_.size(); ++d) {
    DirectionState& state = directions_[d];
    DirectionSample& out = sample.directions[d];
    out.state = state.link.state();
    out.counters = state.link.counters();
    for (std::size_t place = 0; place < state.hooks.size(); ++place) {
      if (const hooks::HookPlace* const hook = state.hooks[place].get()) {
        out.hooks[place] = {hook->stage.counters(), hook->judge.counted()};
      }
    }
    out.interval_peak_bytes = state.link.take_interval_peak();
    out.store_full = state.store_full;
    out.handover_full = state.handover_full;
    out.entered_late = state.entered_late;
    out.latest_entry = state.latest_entry;
    out.changes = state.link.changes_made();
    out.held_frames = state.held_frames;
    out.copied_frames = state.copied_frames;
    if (state.simulated != nullptr) fill_simulated(*state.simulated, out);
  }
  for (std::size_t p = 0; p < ports_.size(); ++p) sample.ports[p] = ports_[p].counters;
  constexpr std::uint64_t kLatenessEvery = 64;  // samples: looking through histograms takes a while
  if (samples_++ % kLatenessEvery == 0) {
    for (std::size_t d = 0; d < lateness_.size(); ++d) {
      if (lateness_[d].count() != 0) published_lateness_[d] = results::lateness_of(lateness_[d]);
    }
  }
  sample.lateness = published_lateness_;
  sample.loop = statistics_;
}

// Polite when idle: after some empty turns, sleep for a little unless a frame is due before a sleep would
// end.
void Loop::rest(Instant now, bool was_busy) {
  constexpr unsigned kPatience = 16;
  constexpr Duration kWakeUp = Duration::microseconds(60);  // a timer may fire this late on a virtual machine
  idle_turns_ = was_busy ? 0 : idle_turns_ + 1;
  const bool may_come_late = away_ != 0 && least_hold_ < kNap + kWakeUp;
  if (idle_turns_ < kPatience || may_come_late || next_event() < now + kNap + kWakeUp) {
    if (shares_cpu_) sched_yield();
    return;
  }
  ++statistics_.idle_sleeps;
  const Instant asleep = clock_.now();
  wake_up_ = asleep + kNap;
  const timespec nap{0, kNap.ns()};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
  statistics_.slept += clock_.now() - asleep;
}

// A link and its hooks, in order of time: what an ingress hook held enters at its own instant.
void Loop::advance(std::uint32_t direction, Instant until) {
  DirectionState& state = directions_[direction];
  if (hooks::HookPlace* const ingress = state.hooks[LH_INGRESS].get()) {
    ingress->stage.advance(until, HookSink{*this, direction, LH_INGRESS});
  }
  state.link.advance(until, DirectionSink{*this, direction});
  if (hooks::HookPlace* const egress = state.hooks[LH_EGRESS].get()) {
    egress->stage.advance(until, HookSink{*this, direction, LH_EGRESS});
  }
}

Instant Loop::next_event_of(const DirectionState& state) {
  Instant next = state.link.next_event();
  for (const auto& hook : state.hooks) {
    if (hook) next = std::min(next, hook->stage.next_event());
  }
  return next;
}

Instant Loop::next_event() const {
  Instant earliest = next_held_back();
  for (const DirectionState& state : directions_) earliest = std::min(earliest, next_event_of(state));
  return earliest;
}

void Loop::renew_next(std::uint32_t direction) {
  DirectionState& state = directions_[direction];
  if (state.is_onward) next_[direction] = next_event_of(state);
}

const SwitchCounters& Loop::switch_counters(std::size_t site) const {
  return std::find_if(sites_.begin(), sites_.end(), [site](const SiteState& s) { return s.index == site; })
      ->bridge.counters();
}

}  // namespace longhaul::dataplane
