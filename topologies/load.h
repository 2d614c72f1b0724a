// SPDX-License-Identifier: GPL-2.0-only
//
// Topology files (format: topologies/topology.schema.json) to the validated model, and the model back to a
// file in which every value is written out. Setting up what a topology describes is for others. Every failure
// is a ConfigError; a Topology that comes from here keeps all that topologies/model.h promises.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"
#include "topologies/overlay.h"
#include "topologies/overrides.h"

namespace longhaul::topology {

class YamlValue;

// Loads a topology file with links laid over its own, if there are any, and overrides applied in order.
Topology load(const std::filesystem::path& file, const std::vector<Override>& overrides = {},
              const std::optional<LinkOverlay>& links = std::nullopt);

// The same from text; `label` stands for the file in messages.
Topology load_text(std::string_view yaml, std::string label, const std::vector<Override>& overrides = {});

// Reads a topology that is a part of another document.
Topology read(const YamlValue& value);

// The topology with every parameter and its unit, defaults included; of a link's sections (queues, waves,
// far_end, timeline) those that do something. load_text() of it gives an equal Topology. Comments carry what
// was computed.
std::string effective_yaml(const Topology& topology);

}  // namespace longhaul::topology
