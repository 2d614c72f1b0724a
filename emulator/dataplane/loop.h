// SPDX-License-Identifier: GPL-2.0-only
//
// The loop of one lcore: run to completion, one clock read per turn. It moves frames between the ports, site
// switches and links that it owns, and to and from the loops of other lcores; every decision is made by
// SiteSwitch and core::Link.
//
// Ownership of a frame: a received mbuf belongs to the loop until it is staged on a port, held by a link,
// handed over to another loop, or freed; what a link holds is either such an mbuf or a copy in the
// direction's FrameStore, and is the loop's again when the link delivers or drops it. Everything here is
// owned by the one thread that is in run(); what other threads read or write goes through its Mailbox only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "emulator/core/decision_log.h"
#include "emulator/core/handover_queue.h"
#include "emulator/core/link.h"
#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/frame_store.h"
#include "emulator/dataplane/inline_exchange.h"
#include "emulator/dataplane/label.h"
#include "emulator/dataplane/mailbox.h"
#include "emulator/dataplane/site_switch.h"
#include "emulator/dataplane/tsc_clock.h"
#include "emulator/hooks/hook_place.h"
#include "nic/port.h"
#include "results/histogram.h"

namespace longhaul::dataplane {

using Ports = std::vector<std::unique_ptr<nic::Port>>;
using Hooks = std::map<HookedPlace, std::shared_ptr<hooks::HookProgram>>;

class Loop {
 public:
  // What loops share or are given; all of it outlives them.
  struct Surroundings {
    Ports& ports;          // in the order of EngineConfig::ports
    Mailboxes& mailboxes;  // by lcore
    std::deque<core::DecisionLog>&
        decisions;  // in the order of EngineConfig::directions, or none to log none
    const Hooks& hooks;
    rte_mempool* transfer;  // buffers for frames that are handed over; nullptr with one lcore
    const TscClock& clock;
  };

  // Reserves all memory that running takes, on the caller's NUMA node.
  Loop(const EngineConfig& config, std::size_t lcore, const Surroundings& surroundings);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Turns until `stop` is set.
  void run(const std::atomic<bool>& stop);

  // The state now; call when no thread is in run().
  void fill(LoopSample& sample, Instant now);
  // Of frames that this loop sent and that came over a direction.
  const results::LatenessHistogram& lateness(std::size_t direction) const { return lateness_[direction]; }
  // Of what the board said, at the directions of this lcore.
  const results::LatenessHistogram& background_age() const { return background_age_; }
  // Of a site that this lcore owns.
  const SwitchCounters& switch_counters(std::size_t site) const;

 private:
  static constexpr std::size_t kBurst = 64;
  static constexpr std::size_t kBacklog = 2'048;  // frames that wait for a port to take them
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  struct Origin {  // where a frame came from: the direction and its due time there, or a local host and now
    std::uint32_t direction = kNone;
    Instant due;
  };
  // A frame that the loop has in its hands. Its bytes are those of `mbuf`, which the loop owns, or lie in a
  // store until they are released there.
  struct InHand {
    std::span<std::byte> bytes;
    rte_mbuf* mbuf = nullptr;
    std::uint32_t holder = kNone;  // the port of ours whose pool `mbuf` is from
    Label label{};
    Origin origin{};
  };
  struct PortState {
    nic::Port* port = nullptr;
    std::size_t site = 0;             // index in sites_
    SiteSwitch::Port endpoint = 0;    // at its site's switch
    std::uint32_t hold_from = kNone;  // bytes from which frames are held where they lie
    std::uint32_t may_hold = 0;       // frames that links may still hold in its buffers
    PortCounters counters;
    std::array<rte_mbuf*, kBurst> polled{};  // this turn, in order
    std::uint16_t polled_count = 0;
    std::vector<rte_mbuf*> spare;   // empty buffers of its pool, taken many at a time
    std::vector<rte_mbuf*> staged;  // at most kBacklog, in order; owned by the loop
    std::vector<Origin> origins;    // of `staged`, one each
  };
  struct SimulatedLink {                      // in place of the link of an inline direction
    InlineState said{};                       // last, by the simulator
    core::Tally released{}, released_then{};  // frames that left here in all; when it said so
  };
  struct DirectionState {
    core::Link link;
    FrameStore store;
    std::uint32_t index = 0;  // in the configuration
    core::StreamOwner owner{};
    std::array<std::unique_ptr<hooks::HookPlace>, 2> hooks{};  // by lh_place; null where there is none
    std::unique_ptr<SimulatedLink> simulated{};                // of an inline direction
    std::uint64_t background_generation = 0;                   // of what the board said last
    Instant background_simulated{};                            // when it was true
    core::QueueConfig queues{};  // of the link: what pauses by priority mean for it
    bool reads_headers = false;  // the link wants to know them
    bool carries_pause = false;
    bool is_onward = false;  // what it delivers may enter other links of this lcore
    std::size_t to_lcore = 0;
    Capture* capture = nullptr;
    std::uint32_t capture_base = 0;  // labels up to here are of earlier captures
    std::uint32_t capture_last = 0;
    std::uint64_t store_full = 0, handover_full = 0;
    std::uint64_t entered_late = 0, held_frames = 0, copied_frames = 0;
    Duration latest_entry{};
  };
  struct SiteState {
    std::size_t index = 0;  // in the configuration
    SiteSwitch bridge;
    std::vector<std::uint32_t> hosts{};     // by SiteSwitch::Port: index in ports_
    std::vector<std::uint32_t> arriving{};  // directions that end here, by their index in the configuration
    std::vector<std::vector<std::uint32_t>> next_hops{}, trees{};
  };
  struct HeldBack {  // came back from the simulator and is not due yet
    Instant due;
    std::uint64_t order = 0;
    std::uint64_t cookie = 0;
    std::uint32_t entry = 0, exit = 0;  // indices in directions_
    bool marked = false;
    bool operator>(const HeldBack& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  struct Delivery {               // of a frame that left a link, before it goes anywhere
    std::uint32_t direction = 0;  // index in directions_
    bool marked = false;
    std::uint64_t cookie = 0;
    Instant due;
  };
  struct DirectionSink;
  struct HookSink;

  void add_sites(const EngineConfig& config);
  void add_port(std::size_t port, const EngineConfig& config, nic::Port& opened);
  void add_direction(std::size_t direction, const EngineConfig& config, const Hooks& hooks);
  void add_static_addresses(const EngineConfig& config);

  // The steps of a turn.
  void record_lateness(Instant now);
  void take_orders();
  void take_backgrounds(Instant now);
  void take_handovers();
  void carry_on_all();
  void release_due(Instant now);
  void poll_ports();
  bool take_polled(Instant now);
  bool transmit();
  void publish(Instant now);
  void rest(Instant now, bool was_busy);

  // Inline directions (inline_frames.cc).
  void enter_simulated(DirectionState& state, std::uint64_t cookie, const InHand& frame, Instant at);
  void take_returns();
  void hold_back(const InlineReturn& came);
  Instant next_held_back() const { return held_back_.empty() ? Instant::never() : held_back_.top().due; }
  void release_held_back();
  bool take_state();
  static void fill_simulated(const SimulatedLink& link, DirectionSample& out);

  // What frames go through (forwarding.cc).
  void take(rte_mbuf* mbuf, std::uint32_t port, Instant now);
  void deliver(std::uint32_t direction, const core::Frame& frame, Instant due);
  void carry_on(DirectionState& keeper, DirectionState& state, std::uint64_t cookie, bool marked,
                Instant due);
  void arrive(InHand& frame, SiteState& site, std::uint32_t direction);
  void spread_control(InHand& frame, const SiteState& site, std::uint32_t from_direction);
  void send_on(InHand& frame, const SiteState& site);
  void send_to_hosts(InHand& frame, const SiteState& site, SiteSwitch::Decision decision,
                     std::uint32_t except);
  void send_to_host(InHand& frame, const SiteState& site, SiteSwitch::Port endpoint, bool is_last);
  void offer(std::uint32_t direction, InHand& frame, bool is_last);
  void enter(std::uint32_t d, std::uint64_t cookie, std::uint32_t size, const Label& label, Instant at);
  void pass_hook(std::uint32_t d, lh_place place, std::uint64_t cookie, std::uint32_t size, Instant at);
  void write_label(DirectionState& state, std::uint64_t cookie, const Label& label);
  void leave(std::uint32_t direction, std::uint64_t cookie, bool marked, Instant due);
  std::optional<std::uint64_t> keep(DirectionState& state, InHand& frame, bool is_last);
  void hand_over(DirectionState& state, std::uint64_t cookie, bool marked, Instant due);
  void receive_handover(const Handover& handover);
  void pause_far_end(std::uint32_t direction, std::span<const std::byte> bytes, Instant at);
  void capture_drop(DirectionState& state, const core::Frame& frame, core::DropCause cause);
  void hand_to(std::size_t lcore, std::span<const std::byte> bytes, const Label& label, Handover handover,
               std::uint64_t& lost);

  // Bytes behind a cookie of a link, and their end.
  InHand in_hand(DirectionState& state, std::uint64_t cookie);
  void release(DirectionState& state, std::uint64_t cookie);
  void dispose(InHand& frame) {
    if (frame.mbuf != nullptr) give_back(std::exchange(frame.mbuf, nullptr));
  }
  void give_back(rte_mbuf* mbuf) {
    if (used_.size() == kBurst) give_back_used();
    used_.push_back(mbuf);
  }
  void give_back_used();
  rte_mbuf* empty_buffer(PortState& state);

  void stage(std::uint32_t port, rte_mbuf* mbuf, Origin origin);
  void send_staged(PortState& state);
  void advance(std::uint32_t direction, Instant until);
  static Instant next_event_of(const DirectionState& state);
  Instant next_event() const;
  void renew_next(std::uint32_t direction);

  std::size_t lcore_;
  const TscClock& clock_;
  BackgroundBoard* board_;
  Bytes largest_frame_;
  Duration sample_interval_;
  Mailbox& mailbox_;
  Mailboxes& mailboxes_;
  rte_mempool* transfer_;
  bool reads_headers_ = false;  // some link or choice of ways wants to know them
  bool shares_cpu_ = false;
  std::vector<PortState> ports_;
  std::vector<std::uint32_t> port_indices_;  // in the configuration
  std::vector<DirectionState> directions_;   // those that begin at our sites
  std::vector<std::uint32_t> local_;         // by index in the configuration: index in directions_, or kNone
  std::vector<std::uint32_t> owner_lcore_;   // by index in the configuration
  std::vector<bool> carries_pause_;          // likewise
  std::vector<std::uint32_t> to_site_;       // likewise: index in sites_, or kNone
  std::vector<SiteState> sites_;             // ours
  std::vector<Instant> next_;  // by direction of ours: its next event, never() when it is not onward
  std::vector<std::uint32_t> onward_, ending_;  // directions of ours that feed others, and those that do not
  std::vector<std::uint32_t> listening_;        // directions of ours that the board speaks of
  Instant next_look_at_board_;
  results::LatenessHistogram background_age_;
  std::vector<rte_mbuf*> used_;                 // given back to their pools many at a time
  std::vector<Delivery> deliveries_;            // that wait to be carried on
  InlineExchange* inline_ = nullptr;            // of inline directions of ours
  Duration least_hold_ = Duration::seconds(1);  // of them
  std::uint64_t away_ = 0;                      // frames that have not come back from the simulator
  std::uint64_t came_back_ = 0;                 // all that did, to keep their order
  std::priority_queue<HeldBack, std::vector<HeldBack>, std::greater<>> held_back_;
  std::vector<std::uint32_t> bits_;                    // to be inverted in the frame that comes back next
  std::vector<Handover> handovers_;                    // that came in this turn, by due time
  std::vector<results::LatenessHistogram> lateness_;   // by index in the configuration
  std::vector<results::Lateness> published_lateness_;  // likewise
  std::vector<Origin> sent_;                           // since the last clock read; late by the next one
  Instant next_sample_;
  Instant previous_turn_;
  Instant wake_up_;  // when a sleep should have ended; zero: there was none
  unsigned idle_turns_ = 0;
  std::uint64_t samples_ = 0;
  LoopStatistics statistics_;
};

}  // namespace longhaul::dataplane
