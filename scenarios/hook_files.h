// SPDX-License-Identifier: GPL-2.0-only
//
// From the hooks that a topology names to object files that can be loaded.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "emulator/dataplane/engine.h"

namespace longhaul::scenario {

// The hooks that longhaul ships, by name; `directory` holds their object files.
std::vector<std::string> shipped_hooks(const std::filesystem::path& directory);

// The object file of one: of a shipped name, of a source file what is built of it below scratch(), or the
// file itself. Throws as below.
std::string hook_object(const std::string& program, const std::filesystem::path& shipped,
                        const std::function<std::filesystem::path()>& scratch);

// Replaces what each hook names: a shipped one by its object file in `shipped`, a source file by what is
// built of it. `scratch` gives a directory for that and is called at most once. Throws std::runtime_error in
// one line: what there is no such file of, or what the compiler said.
void find_hook_files(dataplane::EngineConfig& config, const std::filesystem::path& shipped,
                     const std::function<std::filesystem::path()>& scratch);

}  // namespace longhaul::scenario
