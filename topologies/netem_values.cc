// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/netem_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>
#include <string>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology::netem {
namespace {

struct Unit {
  std::string_view name;  // in lower case
  std::uint64_t scale;
};

constexpr Unit kTimes[] = {{"s", 1'000'000'000'000},
                           {"sec", 1'000'000'000'000},
                           {"secs", 1'000'000'000'000},
                           {"ms", 1'000'000'000},
                           {"msec", 1'000'000'000},
                           {"msecs", 1'000'000'000},
                           {"us", 1'000'000},
                           {"usec", 1'000'000},
                           {"usecs", 1'000'000},
                           {"ns", 1'000},
                           {"nsec", 1'000},
                           {"nsecs", 1'000}};

constexpr std::uint64_t kKi = 1'024, kMi = kKi * kKi, kGi = kMi * kKi, kTi = kGi * kKi;
constexpr Unit kRates[] = {{"", 1},
                           {"bit", 1},
                           {"kbit", 1'000},
                           {"mbit", 1'000'000},
                           {"gbit", 1'000'000'000},
                           {"tbit", 1'000'000'000'000},
                           {"kibit", kKi},
                           {"mibit", kMi},
                           {"gibit", kGi},
                           {"tibit", kTi},
                           {"bps", 8},
                           {"kbps", 8'000},
                           {"mbps", 8'000'000},
                           {"gbps", 8'000'000'000},
                           {"tbps", 8'000'000'000'000},
                           {"kibps", 8 * kKi},
                           {"mibps", 8 * kMi},
                           {"gibps", 8 * kGi},
                           {"tibps", 8 * kTi}};

const Unit* find(std::span<const Unit> units, std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == lower; });
  return found == units.end() ? nullptr : &*found;
}

// `read` with the word before what it throws.
template <typename Read>
auto named(std::string_view word, Read read) {
  try {
    return read();
  } catch (const QuantityError& e) {
    throw QuantityError(fmt::format("{}: {}", word, e.what()));
  }
}

}  // namespace

std::vector<std::string_view> split(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  for (auto at = line.find_first_not_of(kSpace); at != std::string_view::npos;
       at = line.find_first_not_of(kSpace)) {
    line.remove_prefix(at);
    words.push_back(line.substr(0, line.find_first_of(kSpace)));
    line.remove_prefix(words.back().size());
  }
  return words;
}

double parse_percent(std::string_view text, std::string_view word) {
  return named(word, [&] {
    const bool written = text.ends_with('%');
    return parse_probability(fmt::format("{}%", text.substr(0, text.size() - (written ? 1 : 0))));
  });
}

Duration parse_time(std::string_view text, std::string_view word, Duration most) {
  return named(word, [&] {
    std::string_view rest = text;
    const Decimal number = take_decimal(rest, text);
    const Unit* unit = find(kTimes, rest);
    if (unit == nullptr) {
      throw QuantityError(
          fmt::format("{} has no unit that is known, allowed: s, ms, us, ns", in_quotes(text)));
    }
    constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;
    const auto time =
        Duration::picoseconds(static_cast<std::int64_t>(scaled(number, unit->scale, kLargest, text, "1 ps")));
    if (time > most) {
      throw QuantityError(fmt::format("{} is too long, allowed: 0 s to {}", to_text(time), to_text(most)));
    }
    return time;
  });
}

BitRate parse_rate(std::string_view text) {
  return named("rate", [&] {
    std::string_view rest = text;
    const Decimal number = take_decimal(rest, text);
    const Unit* unit = find(kRates, rest);
    if (unit == nullptr) {
      throw QuantityError(
          fmt::format("{} has the unknown unit {}, allowed: bit, kbit, mbit, gbit, tbit, or bytes per second "
                      "as bps, kbps ...",
                      in_quotes(text), in_quotes(rest)));
    }
    constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;
    const auto rate = BitRate::bits_per_second(scaled(number, unit->scale, kLargest, text, "1 bit/s"));
    if (rate < limits::kLeastRate || rate > limits::kMostRate) {
      throw QuantityError(fmt::format("{} is out of range, allowed: {} to {}", to_text(rate),
                                      to_text(limits::kLeastRate), to_text(limits::kMostRate)));
    }
    return rate;
  });
}

std::uint64_t parse_whole(std::string_view text, std::string_view word, std::uint64_t least,
                          std::uint64_t most) {
  return named(word, [&] {
    const std::uint64_t value = parse_integer(text);
    if (value < least || value > most) {
      throw QuantityError(
          fmt::format("{} is out of range, allowed: a whole number from {} to {}", value, least, most));
    }
    return value;
  });
}

}  // namespace longhaul::topology::netem
