// SPDX-License-Identifier: GPL-2.0-only
//
// The `queues` and `waves` sections of a link, or of one of its directions. A part of topologies/load.h;
// every failure is a ConfigError.
#pragma once

#include "emulator/core/link_config.h"
#include "topologies/link_values.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// Reads `queues`; `buffer` is what the direction has in all.
core::QueueConfig read_queues(const YamlValue& value, Bytes buffer, const Scale& scale);

// Reads `waves`: a number of members, or members and skew.
core::Waves read_waves(const YamlValue& value);

}  // namespace longhaul::topology
