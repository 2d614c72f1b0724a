// SPDX-License-Identifier: GPL-2.0-only
//
// Active queue management of a class: red, codel and pie, and a link's short form `ecn`. A part of
// load_queues.h; every failure is a ConfigError.
#pragma once

#include "emulator/core/queue_config.h"
#include "topologies/link_values.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// Reads whichever one of red, codel and pie is in the mapping of a class.
core::Aqm read_aqm(const YamlMap& map, const Scale& scale);

// Reads `ecn`, the short form for the RED of the only class, which marks.
core::aqm::Red read_ecn(const YamlValue& value, const Scale& scale);

}  // namespace longhaul::topology
