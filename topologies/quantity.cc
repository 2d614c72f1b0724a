// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include "topologies/decimal.h"

namespace longhaul::topology {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kLargestSigned = std::numeric_limits<std::int64_t>::max();

struct Written {
  Decimal number;
  std::string_view unit;  // empty when there is none
};

struct Unit {
  std::string_view name;
  std::uint64_t scale;  // base units in one of these
};

struct Family {
  std::string_view example;  // for messages
  std::string_view allowed;
  std::string_view base;
  std::span<const Unit> units;
};

constexpr Unit kTimeUnits[] = {{"s", 1'000'000'000'000},
                               {"ms", 1'000'000'000},
                               {"us", 1'000'000},
                               {"\u00b5s", 1'000'000},
                               {"\u03bcs", 1'000'000},  // micro sign, Greek mu
                               {"ns", 1'000},
                               {"ps", 1}};
constexpr Family kTime{"6.63 ms", "s, ms, us, ns, ps", "1 ps", kTimeUnits};

constexpr Unit kPerKmUnits[] = {{"ms/km", 1'000'000'000},
                                {"us/km", 1'000'000},
                                {"\u00b5s/km", 1'000'000},
                                {"\u03bcs/km", 1'000'000},
                                {"ns/km", 1'000}};
constexpr Family kPerKm{"4.9 us/km", "us/km, ns/km, ms/km", "1 ps/km", kPerKmUnits};

constexpr Unit kDistanceUnits[] = {{"km", 1'000'000}, {"m", 1'000}};
constexpr Family kDistance{"1353 km", "km, m", "1 mm", kDistanceUnits};

constexpr Unit kRateUnits[] = {{"bit/s", 1},
                               {"kbit/s", 1'000},
                               {"Mbit/s", 1'000'000},
                               {"Gbit/s", 1'000'000'000},
                               {"Tbit/s", 1'000'000'000'000},
                               {"b/s", 1},
                               {"kb/s", 1'000},
                               {"Mb/s", 1'000'000},
                               {"Gb/s", 1'000'000'000},
                               {"Tb/s", 1'000'000'000'000},
                               {"bps", 1},
                               {"kbps", 1'000},
                               {"Mbps", 1'000'000},
                               {"Gbps", 1'000'000'000},
                               {"Tbps", 1'000'000'000'000}};
constexpr Family kRate{"1 Gbit/s", "bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s", "1 bit/s", kRateUnits};

constexpr Unit kSizeUnits[] = {{"B", 1},          {"kB", 1'000},     {"MB", 1'000'000}, {"GB", 1'000'000'000},
                               {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}};
constexpr Family kSize{"64 MiB", "B, kB, MB, GB, KiB, MiB, GiB", "1 B", kSizeUnits};

constexpr Unit kBdpUnits[] = {{"bdp", 1'000'000}};
constexpr Family kBdp{"1 bdp", "bdp", "0.000001 bdp", kBdpUnits};

constexpr Unit kFrameUnits[] = {{"frames", 1}, {"frame", 1}};
constexpr Family kFrames{"1000 frames", "frames", "1 frame", kFrameUnits};

constexpr std::string_view kBufferAllowed = "a size (64 MiB), a time (5 ms) or bdp (1 bdp)";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Written split(std::string_view text, std::string_view example) {
  const std::string_view whole = trimmed(text);
  if (whole.empty()) throw QuantityError(fmt::format("is empty, write for example {}", example));
  if (whole.front() == '-') throw QuantityError(in_quotes(whole) + " is negative, allowed: 0 or more");
  if (std::string_view("0123456789.").find(whole.front()) == std::string_view::npos) {
    throw QuantityError(
        fmt::format("{} does not begin with a number, write for example {}", in_quotes(whole), example));
  }
  std::string_view rest = whole;
  const Decimal number = take_decimal(rest, whole);
  return {number, trimmed(rest)};
}

const Unit* find_unit(const Family& family, std::string_view name) {
  for (const Unit& unit : family.units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

[[noreturn]] void fail_unit(std::string_view text, std::string_view unit, std::string_view allowed) {
  if (unit.empty())
    throw QuantityError(fmt::format("{} has no unit, allowed: {}", in_quotes(trimmed(text)), allowed));
  throw QuantityError(fmt::format("{} has the unknown unit {}, allowed: {}", in_quotes(trimmed(text)),
                                  in_quotes(unit), allowed));
}

std::uint64_t parse(std::string_view text, const Family& family) {
  const Written written = split(text, family.example);
  const Unit* unit = find_unit(family, written.unit);
  if (unit == nullptr) fail_unit(text, written.unit, family.allowed);
  return scaled(written.number, unit->scale, kLargestSigned, trimmed(text), family.base);
}

// The value in the largest unit that leaves at least 1 before the point, all digits written out.
std::string in_units(std::uint64_t value, std::span<const Unit> units) {
  const Unit* chosen = &units.back();
  for (const Unit& unit : units) {
    if (value >= unit.scale) {
      chosen = &unit;
      break;
    }
  }
  std::string text = std::to_string(value / chosen->scale);
  if (std::uint64_t rest = value % chosen->scale; rest != 0) {
    text += '.';
    for (std::uint64_t place = chosen->scale / 10; rest != 0; place /= 10) {
      text += static_cast<char>('0' + rest / place);
      rest %= place;
    }
  }
  return fmt::format("{} {}", text, chosen->name);
}

}  // namespace

Duration travel_time(Distance distance, Duration per_km) {
  constexpr Wide kMillimetresInKm = 1'000'000;
  const Wide ps =
      (Wide{distance.mm()} * static_cast<Wide>(per_km.ps()) + kMillimetresInKm / 2) / kMillimetresInKm;
  return Duration::picoseconds(static_cast<std::int64_t>(ps > kLargestSigned ? Wide{kLargestSigned} : ps));
}

Bytes BufferSize::resolve(BitRate rate, Duration round_trip) const {
  switch (kind) {
    case Kind::kBytes:
      return bytes;
    case Kind::kTime:
      return bytes_in(rate, time);
    case Kind::kBdp:
      break;
  }
  const Wide product = Wide{bytes_in(rate, round_trip).count()} * bdp_millionths / 1'000'000;
  return Bytes(product > kLargestSigned ? kLargestSigned : static_cast<std::uint64_t>(product));
}

Duration parse_duration(std::string_view text) {
  return Duration::picoseconds(static_cast<std::int64_t>(parse(text, kTime)));
}

Duration parse_duration_per_km(std::string_view text) {
  return Duration::picoseconds(static_cast<std::int64_t>(parse(text, kPerKm)));
}

Distance parse_distance(std::string_view text) {
  return Distance::millimetres(parse(text, kDistance));
}

BitRate parse_rate(std::string_view text) {
  return BitRate::bits_per_second(parse(text, kRate));
}

Bytes parse_size(std::string_view text) {
  return Bytes(parse(text, kSize));
}

BufferSize parse_buffer(std::string_view text) {
  const std::string_view unit = split(text, kBdp.example).unit;
  BufferSize buffer;
  if (find_unit(kBdp, unit) != nullptr) {
    buffer.bdp_millionths = parse(text, kBdp);
  } else if (find_unit(kSize, unit) != nullptr) {
    buffer.kind = BufferSize::Kind::kBytes;
    buffer.bytes = parse_size(text);
  } else if (find_unit(kTime, unit) != nullptr) {
    buffer.kind = BufferSize::Kind::kTime;
    buffer.time = parse_duration(text);
  } else {
    fail_unit(text, unit, kBufferAllowed);
  }
  return buffer;
}

std::uint64_t parse_frames(std::string_view text) {
  return parse(text, kFrames);
}

Limit parse_limit(std::string_view text) {
  const std::string_view unit = split(text, kBdp.example).unit;
  if (find_unit(kFrames, unit) != nullptr) return {parse_frames(text), {}};
  for (const Family* family : {&kBdp, &kSize, &kTime}) {
    if (find_unit(*family, unit) != nullptr) return {std::nullopt, parse_buffer(text)};
  }
  fail_unit(text, unit, "a size (64 MiB), a time (5 ms), bdp (1 bdp) or frames (1000 frames)");
}

double parse_probability(std::string_view text) {
  Written written = split(text, "1e-5 or 0.01 %");
  if (written.unit == "%") {
    written.number.exponent -= 2;
  } else if (!written.unit.empty()) {
    fail_unit(text, written.unit, "a number from 0 to 1, or %");
  }
  const std::string digits = fmt::format("{}e{}", written.number.mantissa, written.number.exponent);
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc{} && written.number.exponent < 0) {
    throw QuantityError(in_quotes(trimmed(text)) + " is too small");
  }
  if (result.ec != std::errc{} || value > 1) {
    throw QuantityError(in_quotes(trimmed(text)) + " is more than 1, allowed: 0 to 1, or 0 % to 100 %");
  }
  return value;
}

double parse_number(std::string_view text) {
  const std::string_view whole = trimmed(text);
  double value = 0;
  const auto result = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (whole.empty() || result.ec != std::errc{} || result.ptr != whole.data() + whole.size() ||
      !std::isfinite(value)) {
    throw QuantityError(in_quotes(whole) + " is not a plain number, write for example 1.5");
  }
  return value;
}

std::uint64_t parse_integer(std::string_view text) {
  const std::string_view whole = trimmed(text);
  std::uint64_t value = 0;
  const auto result = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (whole.empty() || result.ec == std::errc::invalid_argument ||
      result.ptr != whole.data() + whole.size()) {
    throw QuantityError(in_quotes(whole) + " is not a whole number");
  }
  if (result.ec != std::errc{}) throw QuantityError(in_quotes(whole) + " is too large");
  return value;
}

std::string to_text(Duration time) {
  if (time == Duration()) return "0 s";
  constexpr std::array<Unit, 5> kUnits{kTimeUnits[0], kTimeUnits[1], kTimeUnits[2], kTimeUnits[5],
                                       kTimeUnits[6]};
  return in_units(static_cast<std::uint64_t>(time.ps()), kUnits);
}

std::string to_text(Distance distance) {
  if (distance == Distance()) return "0 km";
  return in_units(distance.mm(), kDistanceUnits);
}

std::string to_text(BitRate rate) {
  constexpr std::array<Unit, 5> kUnits{kRateUnits[4], kRateUnits[3], kRateUnits[2], kRateUnits[1],
                                       kRateUnits[0]};
  return in_units(rate.bps(), kUnits);
}

std::string to_text(Bytes size) {
  constexpr std::array<Unit, 3> kBinary{Unit{"GiB", 1u << 30}, Unit{"MiB", 1u << 20}, Unit{"KiB", 1u << 10}};
  for (const Unit& unit : kBinary) {
    if (size.count() != 0 && size.count() % unit.scale == 0) {
      return fmt::format("{} {}", size.count() / unit.scale, unit.name);
    }
  }
  return fmt::format("{} B", size.count());
}

std::string to_text(double plain_number) {
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), plain_number);
  return {buffer.data(), result.ptr};
}

}  // namespace longhaul::topology
