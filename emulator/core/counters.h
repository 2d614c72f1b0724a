// SPDX-License-Identifier: GPL-2.0-only
//
// What one direction of a link counted. Plain data with one writer, the driver of the link; copy it to read
// it elsewhere. Bytes are L2 bytes. At every return from the link, in + duplicated = out + dropped + held
// holds exactly, in frames and in bytes; `held` is what the stages hold, counted apart from the other
// figures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "emulator/core/queue_config.h"
#include "emulator/core/units.h"

namespace longhaul::core {

enum class DropCause : std::uint8_t {
  kQueueFull,      // no room in the buffer before the serialiser, or its class is at its limit
  kLineLoss,       // the loss model, on the line, after it used its share of the rate
  kPoolThreshold,  // its class is at its dynamic threshold of the shared buffer
  kOnChipFull,     // two-tier buffer: the chip is full and the outer tier cannot be written fast enough
  kRed,            // random early detection
  kCodel,
  kPie,
  kTimeCap,       // waited longer than its class allows
  kBitError,      // a bit error on the line, found by the FCS
  kBadFcs,        // corrupted, found by the FCS
  kBurst,         // a timeline's loss burst
  kBlackhole,     // a timeline's black hole
  kOutage,        // sent while the line was dark, or waiting for a wave that went down
  kHeadroomFull,  // at the far end, in a lossless class: the pause came too late for the headroom
  kFarQueueFull,  // at the far end, in another class
  kWatchdog,      // its class was paused for longer than the PFC watchdog allows
  kBackground,    // no room beside traffic that is modelled elsewhere
};
inline constexpr std::size_t kDropCauses = 17;

constexpr std::string_view name(DropCause cause) {
  constexpr std::array<std::string_view, kDropCauses> kNames{
      "queue_full", "line_loss",     "pool_threshold", "on_chip_full", "red",       "codel",
      "pie",        "time_cap",      "bit_error",      "bad_fcs",      "burst",     "blackhole",
      "outage",     "headroom_full", "far_queue_full", "pfc_watchdog", "background"};
  return kNames[static_cast<std::size_t>(cause)];
}

// Why a frame was marked with congestion experienced (RFC 3168).
enum class MarkCause : std::uint8_t {
  kRed,
  kCodel,
  kPie,
  kBackground,  // by the queue that it shares with traffic that is modelled elsewhere
};
inline constexpr std::size_t kMarkCauses = 4;

constexpr std::string_view name(MarkCause cause) {
  constexpr std::array<std::string_view, kMarkCauses> kNames{"red", "codel", "pie", "background"};
  return kNames[static_cast<std::size_t>(cause)];
}

struct Tally {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;

  constexpr void add(std::uint64_t size) { ++frames, bytes += size; }
  constexpr void remove(std::uint64_t size) { --frames, bytes -= size; }
  friend constexpr Tally operator+(Tally a, Tally b) { return {a.frames + b.frames, a.bytes + b.bytes}; }
  bool operator==(const Tally&) const = default;
};

// One traffic class before the serialiser.
struct ClassCounters {
  Tally in;                       // offered
  Tally dropped;                  // before it was sent, whatever the cause
  std::uint64_t marked = 0;       // frames
  std::uint64_t queue_bytes = 0;  // waiting now
  Duration paused;                // time for which PFC or its neighbour held it back
  bool operator==(const ClassCounters&) const = default;
};

// Priority flow control, by the frames of the far end. One frame speaks for one class here.
struct PauseCounters {
  std::uint64_t xoff_sent = 0, xon_sent = 0;  // by the far end, refreshes included
  std::uint64_t lost = 0;                     // of them on the way
  std::uint64_t storms = 0;                   // times that the watchdog acted
  std::uint64_t far_peak_bytes = 0;           // most that a lossless class held at the far end
  bool operator==(const PauseCounters&) const = default;
};

struct LinkCounters {
  Tally in;                                  // offered to the link
  Tally out;                                 // delivered at the far end, copies included
  Tally duplicated;                          // copies that the link made
  std::array<Tally, kDropCauses> dropped{};  // by DropCause
  std::array<Tally, kMarkCauses> marked{};   // by MarkCause; of those not dropped later and those that were
  Tally corrupted;                           // given wrong bits and sent on
  std::uint64_t reordered = 0;               // frames that overtook one sent before them on the same wave
  Tally held;                                // waiting, being sent, on the line or at the far end
  std::uint64_t queue_bytes = 0;             // waiting for the serialiser now
  std::uint64_t queue_peak_bytes = 0;        // most that ever waited
  PauseCounters pause;
  std::array<ClassCounters, kMostClasses> classes{};

  constexpr Tally dropped_in_all() const {
    Tally sum;
    for (const Tally& cause : dropped) sum = sum + cause;
    return sum;
  }
  constexpr bool conserved() const { return in + duplicated == out + dropped_in_all() + held; }
  bool operator==(const LinkCounters&) const = default;
};

}  // namespace longhaul::core
