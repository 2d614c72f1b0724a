// SPDX-License-Identifier: GPL-2.0-only
//
// Single changes of a link, the parts that a `timeline` consists of, held against the link that they change;
// and how far changes while it runs may go, its `reserve`. A part of load_timeline.h, load_sections.h and
// live_change.h; every failure is a ConfigError.
#pragma once

#include <cstdint>
#include <optional>

#include "emulator/core/link_config.h"
#include "topologies/link_values.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// A rate within the limits, or 0 bit/s.
BitRate read_rate_or_zero(const YamlValue& value);

// A buffer that holds the largest frame and what the classes of `link` reserve.
Bytes read_new_buffer(const YamlValue& value, const core::LinkConfig& link, const Scale& scale);

// The key `index` of `map`: one of the waves of `link`.
std::uint32_t read_wave(const YamlMap& map, const core::LinkConfig& link);

// Classes as bits, of those that are lossless on `link`: no other can be paused.
std::uint8_t read_storm(const YamlValue& value, const core::LinkConfig& link);

std::uint64_t read_burst(const YamlValue& value);

// A whole change as effective_yaml() writes it; at least one of its keys.
core::Change read_change(const YamlValue& value, const core::LinkConfig& link, const Scale& scale);

// The `reserve` of a direction whose own and whose link's are these: of each key the direction's, else the
// link's. At least what `link` is configured with.
core::Reserve read_reserve(const std::optional<YamlValue>& shared, const std::optional<YamlValue>& own,
                           const core::LinkConfig& link, const Scale& scale);

}  // namespace longhaul::topology
