// SPDX-License-Identifier: GPL-2.0-only
//
// Where scenario and topology files are found by name: `first-light` is <scenarios>/first-light.yaml. Who
// calls says which directories these are. What has a slash or ends in .yaml or .yml is a path and not a name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::scenario {

struct Library {
  std::filesystem::path topologies;
  std::filesystem::path scenarios;
};

struct LibraryEntry {
  std::string name;
  std::string description;
  std::filesystem::path file;
  std::string problem;  // why name and description could not be read; empty for a good file
};

// What the library holds, by file name. A directory that does not exist holds nothing.
std::vector<LibraryEntry> list_topologies(const Library& library);
std::vector<LibraryEntry> list_scenarios(const Library& library);

// The file that a name or a path stands for; throws topology::ConfigError, which lists what there is, when
// there is none. A relative path is taken from `base`, or from the working directory when that is empty.
std::filesystem::path find_topology(const Library& library, std::string_view name_or_path,
                                    const std::filesystem::path& base = {});
std::filesystem::path find_scenario(const Library& library, std::string_view name_or_path);

enum class FileKind : std::uint8_t { kTopology, kScenario };

// Tells by its top-level keys what a YAML file describes; throws topology::ConfigError when it is neither.
FileKind kind_of(const std::filesystem::path& file);

// The same of what a name or a path stands for; nothing for a name that the library does not have. A topology
// goes before a scenario of the same name.
std::optional<FileKind> kind_of(const Library& library, std::string_view name_or_path);

}  // namespace longhaul::scenario
