// SPDX-License-Identifier: GPL-2.0-only
//
// The `timeline` section of a link or of one of its directions: what happens when, written in the words of
// operators (protection_switch, flap, brown_out ...), to the single changes of emulator/core/timeline.h. A
// part of topologies/load.h; every failure is a ConfigError. Recorded traces are not read here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/core/link_config.h"
#include "topologies/link_values.h"
#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// Reads the events for the direction `link`, all of which but its timeline is known. `shared`: the list is
// the link's, whose events may say for which direction they are; then those of `*shared` are returned.
std::vector<core::Event> read_timeline(const YamlValue& value, std::optional<Direction> shared,
                                       const core::LinkConfig& link, const Scale& scale);

// One entry by itself: a mapping without at, after and direction, which happens at time zero. Fails for a key
// of any other thing.
std::vector<core::Event> read_entry(const YamlValue& value, const core::LinkConfig& link, const Scale& scale);

// The key of the entry that says what happens.
std::string kind_of(const YamlValue& entry);

}  // namespace longhaul::topology
