// SPDX-License-Identifier: GPL-2.0-only
//
// What one direction of a link counted. Plain data with one writer, the driver of the link; copy it to read
// it elsewhere. Bytes are L2 bytes. At every return from the link, in = out + dropped + held holds exactly,
// in frames and in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace longhaul::core {

enum class DropCause : std::uint8_t {
  kQueueFull,  // did not fit in the buffer before the serialiser
  kLineLoss,   // lost on the line, after it used its share of the rate
};
inline constexpr std::size_t kDropCauses = 2;

constexpr std::string_view name(DropCause cause) {
  constexpr std::array<std::string_view, kDropCauses> kNames{"queue_full", "line_loss"};
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

struct LinkCounters {
  Tally in;                                  // offered to the link
  Tally out;                                 // delivered at the far end
  std::array<Tally, kDropCauses> dropped{};  // by DropCause
  Tally held;                                // waiting, being serialised or on the line
  std::uint64_t queue_bytes = 0;             // waiting for the serialiser now
  std::uint64_t queue_peak_bytes = 0;        // most that ever waited

  constexpr Tally dropped_in_all() const {
    Tally sum;
    for (const Tally& cause : dropped) sum = sum + cause;
    return sum;
  }
  constexpr bool conserved() const { return in == out + dropped_in_all() + held; }
  bool operator==(const LinkCounters&) const = default;
};

}  // namespace longhaul::core
