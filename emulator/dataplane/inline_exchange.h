// SPDX-License-Identifier: GPL-2.0-only
//
// What the data plane and a simulator that drives some of its links (topologies/wide/inline_network.h) say to
// each other. A frame that would enter such a link stays where it lies; what the simulator needs to know of
// it goes over, and when the simulated links have decided on it, comes back with the instant at which it is
// due.
//
// Exact merge: the data plane stamps each entry with its logical time and then says up to when it has handed
// in everything. The simulator never goes beyond that (conservative synchronisation after Chandy and Misra,
// "Distributed simulation", 1979), so a frame always enters at its own time, however late either thread runs;
// only its release can be late. Against that the last part of each link's delay, its hold, is not simulated:
// frames come back that much before they are due, and wait in the data plane.
//
// Threads: one lcore and the simulator's; each queue has one writer and one reader, named here. Nothing is
// lost silently: what finds a queue full is counted by its writer, or waits there. Free of DPDK and ns-3.
// Times are picoseconds of the data plane's clock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/handover_queue.h"
#include "emulator/core/link_config.h"
#include "emulator/core/units.h"
#include "emulator/dataplane/label.h"

namespace longhaul::dataplane {

struct EngineConfig;

// A frame that enters a simulated link.
struct InlineEntry {
  static constexpr std::size_t kHead = 64;

  std::uint64_t cookie = 0;  // the data plane's own
  Instant at;
  std::uint32_t direction = 0;  // index in the configuration, as everywhere here
  std::uint32_t size = 0;       // L2 bytes
  Label label;
  std::array<std::byte, kHead> head{};  // its first bytes, only with InlineExchange::wants_heads
};

// A frame that comes back.
struct InlineReturn {
  static constexpr std::size_t kBits = 4;
  enum class Kind : std::uint8_t {
    kDelivered,  // by `exit`, due at `due`
    kGone,       // dropped; the counters of the link say why
    kMoreBits,   // only `bits`: of the delivered frame that follows
    kState,      // none: the oldest record in `states` is as of now
  } kind = Kind::kDelivered;
  bool marked = false;
  bool is_last = true;         // nothing more comes of this cookie; else it is a copy, and this not the end
  std::uint8_t bit_count = 0;  // to be inverted, of `bits`
  std::uint32_t entry = 0, exit = 0;
  std::uint64_t cookie = 0;
  Instant due;
  std::array<std::uint32_t, kBits> bits{};
};

// A simulated link as of an instant of the simulator.
struct InlineState {
  std::uint32_t direction = 0;
  core::LinkState state;
  core::LinkCounters counters;  // what came back counts as out
  core::Tally returned;         // of counters.out: frames of the data plane that ended their way here
  std::uint64_t interval_peak_bytes = 0;
  std::uint64_t changes = 0;
  std::uint64_t entered_late = 0;
  Duration latest_entry;
};

struct ChangeOrder {
  std::uint32_t direction = 0;
  Instant at;
  core::Change change;
};

struct InlineExchange {
  explicit InlineExchange(Duration most_hold, bool heads = false) : hold(most_hold), wants_heads(heads) {}

  static constexpr std::size_t kSlots = 16'384, kStates = 1'024, kChanges = 4'096;

  const Duration hold;  // the most that links may have; see hold_of()
  const bool wants_heads;

  // Written by the data plane, read by the simulator.
  core::HandoverQueue<InlineEntry> entries{kSlots};
  core::HandoverQueue<ChangeOrder> changes{kChanges};
  std::atomic<std::int64_t> entered_until{0};  // ps: all entries up to here are in `entries`

  // Written by the simulator, read by the data plane.
  core::HandoverQueue<InlineReturn> returns{kSlots};
  core::HandoverQueue<InlineState> states{kStates};
  std::atomic<bool> finished{false};  // nothing more comes; the last of `states` need no word in `returns`
};

// The part of a link's propagation that the data plane executes: at most `most`, and nothing that jitter, a
// timeline or reordering may leave out.
Duration hold_of(const core::LinkConfig& config, Duration most);

// The directions that a frame may be on before it comes back, once it entered `direction`, itself too.
std::vector<std::uint32_t> inline_ways(const EngineConfig& config, std::uint32_t direction);

// Throws std::runtime_error, with the mend, when a link is simulated that cannot be.
void check_inline(const EngineConfig& config);

}  // namespace longhaul::dataplane
