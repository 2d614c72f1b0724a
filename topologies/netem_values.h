// SPDX-License-Identifier: GPL-2.0-only
//
// The values between netem's words as tc writes them: 5ms, 1%, 1gbit (bits), 1mbps (bytes), 1000. Each
// function throws QuantityError, which names `word`, the option that the value belongs to.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::topology::netem {

// The words of a line.
std::vector<std::string_view> split(std::string_view line);

// A percentage, with or without %, as a probability.
double parse_percent(std::string_view text, std::string_view word);

// A time with its unit, up to `most`.
Duration parse_time(std::string_view text, std::string_view word, Duration most);

// A rate within the limits of a topology.
BitRate parse_rate(std::string_view text);

// A whole number within the bounds.
std::uint64_t parse_whole(std::string_view text, std::string_view word, std::uint64_t least,
                          std::uint64_t most);

}  // namespace longhaul::topology::netem
