// SPDX-License-Identifier: GPL-2.0-only
//
// The loop of one lcore: run to completion, one clock read per turn. It moves frames between ports, site
// switches and links; every decision is made by SiteSwitch and core::Link. MAC control frames, which no
// switch forwards, pause the links that end at their site, or travel on over links that carry them.
//
// Ownership: a received mbuf belongs to the loop until it is staged on a port or freed; bytes on a link live
// in that direction's FrameStore from offer() until the link delivers or drops them. Everything is owned by
// the one thread that is in run(); counters leave it through the SampleQueue only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "emulator/core/decision_log.h"
#include "emulator/core/handover_queue.h"
#include "emulator/core/link.h"
#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/frame_store.h"
#include "emulator/dataplane/site_switch.h"
#include "emulator/dataplane/tsc_clock.h"
#include "emulator/hooks/hook_program.h"
#include "nic/port.h"
#include "results/histogram.h"

namespace longhaul::dataplane {

using SampleQueue = core::HandoverQueue<Sample>;

class Loop {
 public:
  // Reserves all memory that running takes. `ports` in the order of config.ports, `decisions` in that of
  // config.directions, or none to log none; all of them outlive the loop.
  Loop(const EngineConfig& config, std::vector<nic::Port>& ports, SampleQueue& samples,
       std::deque<core::DecisionLog>& decisions);
  ~Loop();

  // Turns until `stop` is set.
  void run(const std::atomic<bool>& stop);

  // The state now; call when no thread is in run().
  void fill(Sample& sample, Instant now);
  Instant now() const { return clock_.now(); }
  const results::LatenessHistogram& lateness(std::size_t direction) const {
    return directions_[direction].lateness;
  }
  const SwitchCounters& switch_counters(std::size_t site) const { return sites_[site].bridge.counters(); }
  const LoopStatistics& statistics() const { return statistics_; }

 private:
  static constexpr std::size_t kBurst = 64;
  static constexpr std::size_t kBacklog = 2'048;  // frames that wait for a port to take them
  static constexpr std::size_t kNoDirection = static_cast<std::size_t>(-1);

  struct Origin {  // where a frame came from: the link and its due time there, or a local host and now
    std::size_t direction = kNoDirection;
    Instant due;
  };
  struct PortState {
    nic::Port* port = nullptr;
    std::size_t site = 0;
    SiteSwitch::Port endpoint = 0;
    PortCounters counters;
    std::vector<rte_mbuf*> staged;  // at most kBacklog, in order; owned by the loop
    std::vector<Origin> origins;    // of `staged`, one each
  };
  struct DirectionState {
    core::Link link;
    FrameStore store;
    core::StreamOwner owner{};
    const hooks::HookProgram* hook = nullptr;  // one of hooks_
    core::Tally hook_dropped{};
    core::QueueConfig queues{};  // of the link: what pauses by priority mean for it
    bool reads_headers = false;  // the link wants to know them
    bool carries_pause = false;
    std::size_t to_site = 0;
    SiteSwitch::Port arrives_at = 0;  // the far switch's endpoint for this link
    std::uint64_t store_full = 0;
    results::LatenessHistogram lateness{};
  };
  struct Endpoint {  // what hangs on a switch port: a host port or the near end of a link direction
    bool is_host = false;
    std::size_t index = 0;
    std::size_t arriving = kNoDirection;  // of a link: the direction that ends here
  };
  struct SiteState {
    SiteSwitch bridge;
    std::vector<Endpoint> endpoints;  // by SiteSwitch::Port
  };
  struct DirectionSink;

  SiteSwitch::Port attach(std::size_t site, Endpoint endpoint);
  void add_port(nic::Port& port, const PortConfig& config);
  void add_direction(const EngineConfig& config, std::size_t direction);

  // The steps of a turn.
  void record_lateness(Instant now);
  void release_due(Instant now);
  bool receive(Instant now);
  bool transmit();
  void publish(Instant now);
  void rest(Instant now, bool was_busy);

  void take(rte_mbuf* mbuf, PortState& from, Instant now);
  void arrive(std::size_t direction, const core::Frame& frame, Instant due);
  void distribute(const SiteState& site, SiteSwitch::Decision decision, SiteSwitch::Port in,
                  std::span<const std::byte> bytes, Origin origin);
  void spread_control(const SiteState& site, SiteSwitch::Port in, std::span<const std::byte> bytes,
                      Origin origin);
  static bool hook_drops(DirectionState& state, DirectionSink sink, std::span<const std::byte> bytes,
                         Instant at);
  void offer(std::size_t direction, std::span<const std::byte> bytes, Instant at);
  void copy_to_host(std::size_t port, std::span<const std::byte> bytes, Origin origin);
  void stage(std::size_t port, rte_mbuf* mbuf, Origin origin);
  void send_staged(PortState& state);
  Instant next_event() const;

  TscClock clock_;
  Bytes largest_frame_;
  Duration sample_interval_;
  SampleQueue& samples_;
  std::vector<PortState> ports_;
  std::map<std::string, hooks::HookProgram>
      hooks_;                               // by file: directions that name the same one share its maps
  std::vector<DirectionState> directions_;  // as in the configuration
  std::vector<std::size_t>
      release_order_;  // upstream first, so that a due time passed on is never in the past
  std::vector<SiteState> sites_;
  std::vector<Origin> sent_;  // since the last clock read; late by the next one
  Instant next_sample_;
  Instant previous_turn_;
  unsigned idle_turns_ = 0;
  LoopStatistics statistics_;
};

}  // namespace longhaul::dataplane
