// SPDX-License-Identifier: GPL-2.0-only
//
// Scenario files (format: scenarios/scenario.schema.json) to the validated model, and the model back to one
// file that holds everything, the topology included. Running it is for others. Every failure is a
// topology::ConfigError; a Scenario that comes from here keeps all that scenarios/model.h promises.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/library.h"
#include "scenarios/model.h"
#include "topologies/overrides.h"

namespace longhaul::scenario {

// Loads a scenario by name or path with overrides applied in order. Overrides under `topology.` change the
// topology; `topology=NAME` takes another one.
Scenario load(std::string_view name_or_path, const Library& library,
              const std::vector<topology::Override>& overrides = {});

// The same from text; `label` stands for the file in messages, `base` is where relative paths begin.
Scenario load_text(std::string_view yaml, std::string label, const std::filesystem::path& base,
                   const Library& library, const std::vector<topology::Override>& overrides = {});

// The scenario with every parameter and its unit, defaults and the whole topology included; load_text() of it
// gives an equal Scenario, whatever the library holds.
std::string effective_yaml(const Scenario& scenario);

}  // namespace longhaul::scenario
