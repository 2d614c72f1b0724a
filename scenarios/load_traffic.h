// SPDX-License-Identifier: GPL-2.0-only
//
// What a piece of traffic sends, from the keys of a mapping that also says where it goes: its kind and the
// keys of that kind, the packets' size, a profile over time, start and stop. Throws topology::ConfigError.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"
#include "topologies/traffic/source_config.h"
#include "topologies/yaml_reader.h"

namespace longhaul::scenario {

// All keys that read_traffic() knows, whatever the kind, after those of the caller's own.
std::vector<std::string_view> traffic_keys(std::vector<std::string_view> own);

// `way` is what a `load` is of; not empty. `own`: keys that the mapping may also have.
traffic::SourceConfig read_traffic(const topology::YamlValue& value, const std::vector<std::string_view>& own,
                                   const topology::Topology& topology, const std::vector<topology::Hop>& way);

// The same keys again, `key: value` each and commas between, such that read_traffic() of them gives an equal
// SourceConfig.
std::string traffic_text(const traffic::SourceConfig& config);

}  // namespace longhaul::scenario
