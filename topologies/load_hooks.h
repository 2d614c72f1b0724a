// SPDX-License-Identifier: GPL-2.0-only
//
// The key hooks of a link or of one of its directions: the programs that frames meet there. Whether a program
// can be loaded, and has the parameters that are given, is found out when it is (emulator/hooks). A part of
// load_links.h; every failure is a ConfigError.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

std::vector<Hook> read_hooks(const YamlValue& value);

// The key as it reads back, without the indent of its first line; empty when there are no hooks.
std::string effective_hooks(const std::vector<Hook>& hooks, std::string_view indent);

}  // namespace longhaul::topology
