// SPDX-License-Identifier: GPL-2.0-only
//
// netem's own words for an impairment, as they stand on a command line of tc (tc-netem(8), iproute2's
// q_netem.c), mapped on the configuration of a link. Words may be cut short as tc allows. What has no equal
// here is refused by name. Times need a unit, because versions of tc disagree on what a bare number is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "emulator/core/link_config.h"

namespace longhaul::topology {

// What the words say. `keys` are the keys of a link that they stand for; `implied` are keys that follow from
// them, and that the link's own words overrule.
struct Netem {
  std::optional<Duration> delay;
  core::LinkConfig config;
  std::vector<std::string_view> keys, implied;
};

// Gives the table of the distribution of this name, which is none of the four that everyone has.
using Distribution = std::function<std::vector<std::int16_t>(std::string_view name)>;

// Reads the words; throws QuantityError.
Netem parse_netem(std::string_view words, const Distribution& distribution);

}  // namespace longhaul::topology
