// SPDX-License-Identifier: GPL-2.0-only
//
// The `far_end` section of a link or of one of its directions: the receiver's buffer and priority flow
// control. A part of topologies/load.h; every failure is a ConfigError.
#pragma once

#include "emulator/core/link_config.h"
#include "topologies/link_values.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

struct FarEndSection {
  core::FarEnd far_end;
  bool carries_pause = false;  // pfc.mode: carried; far_end is none then
};

// Reads `far_end` of the direction `link`, all of which but far_end and timeline is known; pauses travel over
// `back`, its other direction, of which rate, framing, overhead and delay are known.
FarEndSection read_far_end(const YamlValue& value, const core::LinkConfig& link, const core::LinkConfig& back,
                           const Scale& scale);

}  // namespace longhaul::topology
