// SPDX-License-Identifier: GPL-2.0-only
//
// Quantities as people write them (`1353 km`, `6.63 ms`, `1 Gbit/s`, `64 MiB`, `1 bdp`, `0.01 %`) to typed
// values and back. The space between number and unit is optional, the unit is not. Decimals become integers
// of the base unit exactly or not at all: nothing is rounded here, and no locale is consulted. Prefixes are
// SI (k = 1000) except Ki, Mi and Gi. Ranges that depend on what is described are checked where it is read
// (topologies/load.h). Stateless, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/core/units.h"
#include "topologies/decimal.h"

namespace longhaul::topology {

// A length in whole millimetres, so that `1353 km` and `20 m` are both exact.
class Distance {
 public:
  constexpr Distance() = default;
  static constexpr Distance millimetres(std::uint64_t n) { return Distance(n); }
  constexpr std::uint64_t mm() const { return mm_; }
  constexpr double km() const { return static_cast<double>(mm_) * 1e-6; }
  constexpr auto operator<=>(const Distance&) const = default;

 private:
  explicit constexpr Distance(std::uint64_t n) : mm_(n) {}
  std::uint64_t mm_ = 0;
};

// Time to travel `distance` at `per_km` a kilometre, to the nearest picosecond; both within parse limits.
Duration travel_time(Distance distance, Duration per_km);

// A buffer before its link is known: an amount of bytes, of bandwidth-delay products or of time.
struct BufferSize {
  enum class Kind : std::uint8_t { kBytes, kBdp, kTime };
  Kind kind = Kind::kBdp;
  Bytes bytes;                               // kBytes
  std::uint64_t bdp_millionths = 1'000'000;  // kBdp
  Duration time;                             // kTime, at the rate of the link

  // The size in bytes on a direction of rate `rate` on a link of round trip `round_trip`, rounded down.
  Bytes resolve(BitRate rate, Duration round_trip) const;
};

// What a class may hold, before its link is known: `frames`, else `size`.
struct Limit {
  std::optional<std::uint64_t> frames;
  BufferSize size;
};

// Each reads the whole of `text` or throws QuantityError; white space around it is ignored.
Duration parse_duration(std::string_view text);         // ps ns us µs ms s
Duration parse_duration_per_km(std::string_view text);  // ns/km us/km µs/km ms/km
Distance parse_distance(std::string_view text);         // m km
BitRate parse_rate(std::string_view text);              // bit/s kbit/s ... Tbit/s, b/s, bps
Bytes parse_size(std::string_view text);                // B kB MB GB KiB MiB GiB
BufferSize parse_buffer(std::string_view text);         // a size, a time, or bdp
std::uint64_t parse_frames(std::string_view text);      // frames
Limit parse_limit(std::string_view text);               // a size, a time, bdp, or frames
double parse_probability(std::string_view text);        // 0..1, or with %
double parse_number(std::string_view text);             // a plain finite decimal, may be negative
std::uint64_t parse_integer(std::string_view text);     // digits only

// Each writes text that the parser above reads back to the same value.
std::string to_text(Duration time);
std::string to_text(Distance distance);
std::string to_text(BitRate rate);
std::string to_text(Bytes size);
std::string to_text(double plain_number);

}  // namespace longhaul::topology
