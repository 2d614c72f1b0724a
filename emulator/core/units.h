// SPDX-License-Identifier: GPL-2.0-only
//
// Physical quantities of a link: time in picoseconds, rates in bits per second, sizes in bytes.
//
// Time is a signed 64-bit count of picoseconds (64 B at 400 Gbit/s last 1,280 ps, so nanoseconds are too
// coarse); it spans +-106 days. A Duration is a length of time, an Instant a point on a driver's own time
// axis: zero is wherever that driver says. Nothing here reads a clock. All types are trivially copyable
// values.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace longhaul {

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration picoseconds(std::int64_t n) { return Duration(n); }
  static constexpr Duration nanoseconds(std::int64_t n) { return Duration(n * 1'000); }
  static constexpr Duration microseconds(std::int64_t n) { return Duration(n * 1'000'000); }
  static constexpr Duration milliseconds(std::int64_t n) { return Duration(n * 1'000'000'000); }
  static constexpr Duration seconds(std::int64_t n) { return Duration(n * 1'000'000'000'000); }
  // For presentation and for predictions only; the data path stays in integers.
  static constexpr Duration from_seconds(double s) {
    return Duration(static_cast<std::int64_t>(s * 1e12 + (s < 0 ? -0.5 : 0.5)));
  }

  constexpr std::int64_t ps() const { return ps_; }
  constexpr std::int64_t ns() const { return ps_ / 1'000; }
  constexpr double to_seconds() const { return static_cast<double>(ps_) * 1e-12; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return Duration(-ps_); }
  constexpr Duration& operator+=(Duration d) { return ps_ += d.ps_, *this; }
  constexpr Duration& operator-=(Duration d) { return ps_ -= d.ps_, *this; }
  friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ps_ + b.ps_); }
  friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ps_ - b.ps_); }
  friend constexpr Duration operator*(Duration a, std::int64_t k) { return Duration(a.ps_ * k); }
  friend constexpr Duration operator/(Duration a, std::int64_t k) { return Duration(a.ps_ / k); }

 private:
  explicit constexpr Duration(std::int64_t ps) : ps_(ps) {}
  std::int64_t ps_ = 0;
};

class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant at(Duration since_zero) { return Instant(since_zero); }
  // Later than anything that can happen: "no event is due".
  static constexpr Instant never() {
    return Instant(Duration::picoseconds(std::numeric_limits<std::int64_t>::max()));
  }

  constexpr Duration since_zero() const { return since_zero_; }
  constexpr std::int64_t ps() const { return since_zero_.ps(); }

  constexpr auto operator<=>(const Instant&) const = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return Instant(t.since_zero_ + d); }
  friend constexpr Instant operator-(Instant t, Duration d) { return Instant(t.since_zero_ - d); }
  friend constexpr Duration operator-(Instant a, Instant b) { return a.since_zero_ - b.since_zero_; }

 private:
  explicit constexpr Instant(Duration d) : since_zero_(d) {}
  Duration since_zero_;
};

class Bytes {
 public:
  constexpr Bytes() = default;
  explicit constexpr Bytes(std::uint64_t n) : count_(n) {}
  constexpr std::uint64_t count() const { return count_; }
  constexpr auto operator<=>(const Bytes&) const = default;
  constexpr Bytes& operator+=(Bytes b) { return count_ += b.count_, *this; }
  constexpr Bytes& operator-=(Bytes b) { return count_ -= b.count_, *this; }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.count_ + b.count_); }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return Bytes(a.count_ - b.count_); }

 private:
  std::uint64_t count_ = 0;
};

class BitRate {
 public:
  constexpr BitRate() = default;
  static constexpr BitRate bits_per_second(std::uint64_t n) { return BitRate(n); }
  static constexpr BitRate gigabits_per_second(std::uint64_t n) { return BitRate(n * 1'000'000'000); }
  constexpr std::uint64_t bps() const { return bps_; }
  constexpr auto operator<=>(const BitRate&) const = default;

 private:
  explicit constexpr BitRate(std::uint64_t n) : bps_(n) {}
  std::uint64_t bps_ = 0;
};

// Time that `size` occupies a line of rate `rate`, rounded up to a whole picosecond, so a shaped link is
// never faster than its rate. `rate` must not be zero. Exact for any size up to 2^63 bytes.
// Worked: 88 B at 400 Gbit/s = 704 bit / 4e11 bit/s = 1,760 ps.
constexpr Duration serialisation_time(Bytes size, BitRate rate) {
  constexpr std::uint64_t kPicosecondsTimesBits = 8'000'000'000'000;  // 8 bit/B x 1e12 ps/s
  constexpr std::uint64_t kLargestIn64Bits =
      std::numeric_limits<std::uint64_t>::max() / kPicosecondsTimesBits / 2;
  if (size.count() <= kLargestIn64Bits) {  // every real frame: one 64-bit division instead of a 128-bit one
    const std::uint64_t bits = size.count() * kPicosecondsTimesBits;
    return Duration::picoseconds(static_cast<std::int64_t>((bits + rate.bps() - 1) / rate.bps()));
  }
  __extension__ using Wide = unsigned __int128;
  const Wide bits = static_cast<Wide>(size.count()) * kPicosecondsTimesBits;
  return Duration::picoseconds(static_cast<std::int64_t>((bits + rate.bps() - 1) / rate.bps()));
}

// Bytes that a line of rate `rate` carries in `time`, rounded down: the rate-delay product.
// Worked: 1 Gbit/s x 13.26 ms = 1,657,500 B.
constexpr Bytes bytes_in(BitRate rate, Duration time) {
  __extension__ using Wide = unsigned __int128;
  const Wide bits = static_cast<Wide>(rate.bps()) * static_cast<Wide>(time.ps());
  return Bytes(static_cast<std::uint64_t>(bits / 8'000'000'000'000));
}

}  // namespace longhaul
