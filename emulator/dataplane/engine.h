// SPDX-License-Identifier: GPL-2.0-only
//
// The data plane as its user sees it: ports of hosts, one switch per site, link directions between sites, and
// the lcores that drive them. This header is free of DPDK.
//
// Threads: everything here is called by one control thread. An lcore owns, from start() to stop(), the sites
// that are given to it, with their ports and the link directions that begin there: switches, links, stores
// and histograms. Lcores hand frames to each other through single-writer single-reader queues; the control
// thread sees what they publish (samples, decisions, captures) and tells them changes, through such queues
// too.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/decision_log.h"
#include "emulator/core/hook_stage.h"
#include "emulator/core/link_config.h"
#include "emulator/core/random.h"
#include "emulator/core/units.h"
#include "emulator/dataplane/site_switch.h"
#include "results/histogram.h"
#include "results/run_record.h"

namespace longhaul::nic {
class Port;
struct PortSpec;
}  // namespace longhaul::nic

namespace longhaul::dataplane {

class BackgroundBoard;
struct InlineExchange;

struct PortConfig {
  std::string host;    // for messages and results
  std::string device;  // see nic/port.h
  std::size_t site = 0;
  std::uint16_t vlan = 0;              // of an access port; 0: a trunk
  std::optional<MacAddress> mac = {};  // of the host behind it, known to all sites from the start
};

// Programs of a BPF object file that each frame of a direction meets; see emulator/hooks/hook_program.h.
struct HookConfig {
  std::string file;
  std::string program = {};                  // what people call it; empty: as the file
  bool at_ingress = true, at_egress = true;  // where the file has a program for
  std::vector<std::pair<std::string, std::string>> parameters = {};  // variables of the program, and numbers
  Duration longest_delay = {};                                       // that a program may ask for
  bool is_at(std::size_t place) const { return place == 0 ? at_ingress : at_egress; }  // lh_place
  bool operator==(const HookConfig&) const = default;
};

struct HookedPlace {
  std::size_t direction = 0, place = 0;  // index in the configuration; lh_place
  auto operator<=>(const HookedPlace&) const = default;
};

struct DirectionConfig {
  core::LinkConfig link;
  core::StreamOwner owner;  // which link of the topology and which of its directions
  std::size_t from_site = 0, to_site = 0;
  std::vector<HookConfig> hooks = {};  // one at each place at most
  bool carries_pause = false;  // MAC control frames pass over the link as others do, instead of ending at it
  bool is_inline = false;      // driven by a simulator, over EngineConfig::inline_exchange
};

// How frames get from one site to the others, by indices of directions that begin here.
struct SiteConfig {
  std::size_t lcore = 0;
  // By destination: those on least-cost paths; a flow keeps to one of them, by its hash. Empty for the site
  // itself.
  std::vector<std::vector<std::uint32_t>> next_hops = {};
  // By root: those on which a frame to everyone, which a host at the root sent, goes on from here. All sites'
  // together are a spanning tree for each root.
  std::vector<std::vector<std::uint32_t>> trees = {};
};

struct EngineConfig {
  std::vector<SiteConfig> sites;
  std::vector<PortConfig> ports;
  std::vector<DirectionConfig> directions;
  std::vector<unsigned> lcores = {0};  // the CPU of each; one CPU may carry several, which then take turns
  std::uint32_t mtu = 1'500;
  Bytes largest_frame;
  std::uint64_t seed = 1;
  Duration sample_interval = Duration::milliseconds(10);
  FloodLimit flood_limit;
  bool log_decisions = false;  // see Engine::next_decision()
  // Most packet memory in which links may hold large frames where they lie instead of copying them; 0: copy
  // all.
  Bytes hold_memory{std::uint64_t{1} << 30};
  // Where a model says what background traffic leaves of directions with a most_background_wait, by their
  // index; it outlives the engine. nullptr: there is none.
  BackgroundBoard* background = nullptr;
  // To the simulator that drives the inline directions, which outlives the engine; see inline_exchange.h.
  InlineExchange* inline_exchange = nullptr;
  // Opens the ports in place of nic::open_port(), for devices that are no devices (generators, faults); EAL
  // is told of none then.
  std::function<std::unique_ptr<nic::Port>(const nic::PortSpec&)> open_port = {};
};

// Frames that the data plane itself lost, which no link model asked for. Any of them makes a run INVALID.
struct EmulatorLosses {
  std::uint64_t tx_refused = 0;  // the port would not take it and its backlog was full
  std::uint64_t no_buffer = 0;   // no packet buffer to send with
  std::uint64_t oversized = 0;   // larger than the topology's MTU allows
};

struct PortCounters {  // frames that crossed the boundary between driver and data plane
  std::uint64_t rx_frames = 0, rx_bytes = 0, tx_frames = 0, tx_bytes = 0;
  std::uint64_t pause_frames = 0;  // of rx_frames: PAUSE and PFC (IEEE 802.3 annexes 31B and 31D)
  EmulatorLosses losses = {};
};

struct HookSample {
  core::HookCounters counters;
  std::array<std::uint64_t, 16> counted{};  // by the program itself, with lh_count()
};

struct DirectionSample {
  core::LinkState state;
  core::LinkCounters counters;
  std::array<std::optional<HookSample>, 2> hooks{};  // by lh_place: before the link, and after it
  std::uint64_t interval_peak_bytes = 0;             // most that waited at once since the sample before
  std::uint64_t store_full = 0;  // an emulator loss: no memory to hold it, although the link would have
  std::uint64_t handover_full =
      0;  // an emulator loss: the queue to the lcore of its far end, or to the simulator, was full
  // Frames that came late from another lcore's link, so that their time on this one began too late too, and
  // the most that it was.
  std::uint64_t entered_late = 0;
  Duration latest_entry = {};
  std::uint64_t changes = 0;                         // by Engine::change(), that have taken effect
  std::uint64_t held_frames = 0, copied_frames = 0;  // how those that entered were kept
  results::Lateness lateness;                        // so far, renewed every second or so

  // By its hooks; not among counters.dropped.
  core::Tally hook_dropped() const {
    core::Tally sum;
    for (const std::optional<HookSample>& hook : hooks) {
      if (hook) sum = sum + hook->counters.dropped_in_all();
    }
    return sum;
  }
};

// What came between a loop and its work: time that passed between two clock reads beyond what its work
// explains.
struct LoopStatistics {
  unsigned cpu = 0;
  std::uint64_t turns = 0, idle_sleeps = 0;
  Duration longest_turn = {};  // from one clock read to the next, sleeps included
  // Turns without a sleep that took longer than kGap: the CPU was taken away, or a driver call stalled.
  std::uint64_t gaps = 0;
  Duration gap_time;            // their sum
  Duration sleep_overrun = {};  // how much longer than asked sleeps took, in all
  Duration slept,
      cpu_time;  // in all: asleep, and on the CPU; what is missing to the time that passed was taken away
  Duration worked = {};           // turns that received or sent a frame, in all
  std::uint64_t lost_pauses = 0;  // an emulator loss: PAUSE for a far end that did not reach its lcore
  static constexpr Duration kGap = Duration::microseconds(100);
};

// The state of everything at one instant between two turns of the loop.
struct Sample {
  Instant at;  // since start()
  std::vector<DirectionSample> directions;
  std::vector<PortCounters> ports;
  std::vector<LoopStatistics> lcores;
};

// A change of one direction, so long after the instant at which Engine::change() lets it all begin.
struct PlannedChange {
  std::size_t direction = 0;
  Duration after;
  core::Change change;
};

class Capture;

class Engine {
 public:
  // Starts DPDK, opens the ports and reserves all memory. Throws std::runtime_error with the reason.
  explicit Engine(const EngineConfig& config);
  ~Engine();  // stops and releases everything
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start();
  void stop();  // returns when the lcore is out of the loop; frames still held stay counted as held

  // Takes the oldest sample not yet taken; false when there is none.
  bool next_sample(Sample& sample);
  // Samples that found no room because next_sample() was not called for seconds.
  std::uint64_t samples_lost() const;

  // With EngineConfig::log_decisions: takes the oldest decision of a direction not yet taken; false when
  // there is none. Those of one direction come in the order in which they were made.
  bool next_decision(std::size_t direction, core::Decision& decision);
  // Decisions of all directions that found no room, because they were not taken as fast as they were made.
  std::uint64_t decisions_lost() const;

  // Changes links while they run, or before they do. All of them count from one common instant, a few
  // milliseconds ahead, so that they take effect together, in each direction's own exact time, whichever
  // lcore owns it and however late it runs. Returns that instant; nothing, and nothing changes, when too many
  // wait already, by the samples taken so far: core::Agenda::kMostPlanned of one direction. Throws
  // std::invalid_argument when a change goes beyond core::most_of() its link.
  std::optional<Instant> change(std::span<const PlannedChange> changes);

  // Records frames of a direction into `capture` from now on, which must live until stop_capture() or stop()
  // has returned. One capture per direction at a time.
  void start_capture(std::size_t direction, Capture& capture);
  void stop_capture(std::size_t direction);

  // Puts other programs in those places of directions that have one already, as long as `hook` has one for
  // them and asks for the place; what the places hold and count stays, longest_delay too. Returns them, when
  // no frame meets the old programs any more. Throws std::runtime_error, and nothing has changed: the program
  // cannot be loaded, or there is no such place.
  std::vector<HookedPlace> swap_hook(std::span<const std::size_t> directions, const HookConfig& hook);

  // Time since start(), by the clock of samples and captures; and the wall clock at its zero, ns since 1970.
  Instant now() const;
  std::int64_t epoch_ns() const;

  // Drivers' own statistics; may be called while the loop runs.
  struct DriverStatistics {
    std::uint64_t rx_frames = 0, tx_frames = 0;
    std::vector<std::pair<std::string, std::uint64_t>> losses;
    bool gone = false;  // the interface behind it does not exist any more
    std::vector<std::pair<std::string, std::uint64_t>> steering = {};  // as nic::PortStatistics has it
  };
  DriverStatistics driver_statistics(std::size_t port) const;

  // After stop(): the final state, and what is too large for samples.
  Sample final_state() const;
  results::LatenessHistogram lateness(std::size_t direction) const;
  SwitchCounters switch_counters(std::size_t site) const;
  // How old what the board said was when frames met it, looked at every millisecond of every direction that
  // listens to it.
  results::LatenessHistogram background_age() const;
  std::vector<LoopStatistics> loop_statistics() const;  // by lcore

  const std::string& memory_kind() const;

  // Bytes that a data plane of this configuration reserves.
  struct Memory {
    std::uint64_t packet_buffers = 0;  // of ports, and of links that hold frames in them
    std::uint64_t rings = 0;           // of ports, beside EAL's memory
    std::uint64_t in_flight = 0;       // where links keep frames that they do not hold there
    std::uint64_t links = 0;           // what the links themselves need to know of each frame
    std::uint64_t all() const { return packet_buffers + rings + in_flight + links; }
  };
  static Memory memory_needed(const EngineConfig& config);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longhaul::dataplane
