// SPDX-License-Identifier: GPL-2.0-only
//
// Decimal numbers as written, kept exact until they are an integer of a base unit. No rounding, no locale, no
// floating point. The ground under quantity.h.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace longhaul::topology {

// What is wrong with a written quantity and what is allowed; the reader of a file adds file, line and key.
class QuantityError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// mantissa x 10^exponent, exactly as written.
struct Decimal {
  std::uint64_t mantissa = 0;
  int exponent = 0;
};

// Takes the decimal at the front of `rest`: digits, point, exponent; no sign. `whole` is for the message of
// the QuantityError that it throws when there is none or it has more than 18 significant digits.
Decimal take_decimal(std::string_view& rest, std::string_view whole);

// number x scale when that is an integer of at most `largest`; otherwise throws QuantityError, which says
// that `text` is finer than `base`, or too large. `scale` and `largest` below 2^63.
std::uint64_t scaled(Decimal number, std::uint64_t scale, std::uint64_t largest, std::string_view text,
                     std::string_view base);

// `text` in single quotes, cut to a sane length and made safe to print on one line.
std::string in_quotes(std::string_view text);

}  // namespace longhaul::topology
