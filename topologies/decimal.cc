// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/decimal.h"

#include <fmt/format.h>

#include <algorithm>

namespace longhaul::topology {
namespace {

constexpr int kMostDigits = 18;  // always fit 64 bits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Decimal take_decimal(std::string_view& rest, std::string_view whole) {
  Decimal number;
  int digits = 0, significant = 0;
  bool fraction = false;
  std::size_t i = 0;
  int pending_zeros = 0;  // not multiplied in until a digit follows, so that 1.500000000000000000000 is fine
  for (; i < rest.size(); ++i) {
    if (rest[i] == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!is_digit(rest[i])) break;
    ++digits;
    if (fraction) --number.exponent;
    if (rest[i] == '0') {
      if (number.mantissa != 0) ++pending_zeros;
      continue;
    }
    significant += pending_zeros + 1;
    if (significant > kMostDigits)
      throw QuantityError(in_quotes(whole) + " has too many digits, at most 18 count");
    for (; pending_zeros > 0; --pending_zeros) number.mantissa *= 10;
    number.mantissa = number.mantissa * 10 + static_cast<std::uint64_t>(rest[i] - '0');
  }
  number.exponent += pending_zeros;
  if (digits == 0) throw QuantityError(in_quotes(whole) + " does not begin with a number");
  if (i + 1 < rest.size() && (rest[i] == 'e' || rest[i] == 'E')) {
    std::size_t j = i + 1;
    const bool negative = rest[j] == '-';
    if (rest[j] == '-' || rest[j] == '+') ++j;
    if (j < rest.size() && is_digit(rest[j])) {
      int power = 0;
      for (; j < rest.size() && is_digit(rest[j]); ++j)
        power = std::min(power * 10 + (rest[j] - '0'), 10'000);
      number.exponent += negative ? -power : power;
      i = j;
    }
  }
  if (number.mantissa == 0) number.exponent = 0;
  rest.remove_prefix(i);
  return number;
}

std::uint64_t scaled(Decimal number, std::uint64_t scale, std::uint64_t largest, std::string_view text,
                     std::string_view base) {
  __extension__ using Wide = unsigned __int128;
  Wide value = Wide{number.mantissa} * scale;
  for (int e = number.exponent; e < 0; ++e) {
    if (value % 10 != 0) throw QuantityError(fmt::format("{} is finer than {}", in_quotes(text), base));
    value /= 10;
    if (value == 0) break;
  }
  for (int e = number.exponent; e > 0 && value != 0 && value <= largest; --e) value *= 10;
  if (value > largest) throw QuantityError(in_quotes(text) + " is too large");
  return static_cast<std::uint64_t>(value);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "'";
  for (const char c : text.substr(0, kLongest)) {
    out += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '?' : c;
  }
  if (text.size() > kLongest) {
    // A cut inside a UTF-8 sequence would make the line unprintable.
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "...";
  }
  return out + "'";
}

}  // namespace longhaul::topology
