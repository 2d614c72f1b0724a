// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "topologies/yaml_reader.h"

namespace longhaul::scenario {
namespace {

namespace fs = std::filesystem;
using topology::ConfigError;

bool is_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(".yaml") || text.ends_with(".yml");
}

LibraryEntry describe(const fs::path& file) {
  LibraryEntry entry{file.stem().string(), {}, file, {}};
  try {
    const topology::RawDocument document = topology::read_yaml(file);
    if (const topology::RawNode* description = document.root.child("description")) {
      entry.description = topology::one_line(description->text);
    }
  } catch (const ConfigError& e) {
    entry.problem = e.what();
  }
  return entry;
}

std::vector<LibraryEntry> list(const fs::path& directory) {
  std::vector<LibraryEntry> entries;
  std::error_code why;  // a directory that cannot be read is as good as an empty one
  for (fs::directory_iterator it(directory, why), end; !why && it != end; it.increment(why)) {
    if (it->path().extension() == ".yaml") entries.push_back(describe(it->path()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const LibraryEntry& a, const LibraryEntry& b) { return a.name < b.name; });
  return entries;
}

fs::path find(const fs::path& directory, std::string_view kind, std::string_view text, const fs::path& base) {
  std::error_code why;
  if (is_path(text)) {
    const fs::path file = fs::path(text).is_absolute() || base.empty() ? fs::path(text) : base / text;
    if (fs::is_regular_file(file, why)) return file;
    throw ConfigError(fmt::format("{} file {} does not exist", kind, topology::in_quotes(file.string())));
  }
  const std::vector<LibraryEntry> entries = list(directory);
  std::string names;
  for (const LibraryEntry& entry : entries) {
    if (entry.name == text) return entry.file;
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  throw ConfigError(fmt::format("no {} is called {}, allowed: {}{}a path to a .yaml file", kind,
                                topology::in_quotes(text), names, names.empty() ? "" : ", or "));
}

}  // namespace

std::vector<LibraryEntry> list_topologies(const Library& library) {
  return list(library.topologies);
}

std::vector<LibraryEntry> list_scenarios(const Library& library) {
  return list(library.scenarios);
}

fs::path find_topology(const Library& library, std::string_view name_or_path, const fs::path& base) {
  return find(library.topologies, "topology", name_or_path, base);
}

fs::path find_scenario(const Library& library, std::string_view name_or_path) {
  return find(library.scenarios, "scenario", name_or_path, {});
}

FileKind kind_of(const fs::path& file) {
  const topology::RawDocument document = topology::read_yaml(file);
  const auto has = [&](std::string_view key) { return document.root.child(key) != nullptr; };
  if (has("workload") || has("topology")) return FileKind::kScenario;
  if (has("sites") || has("hosts") || has("links")) return FileKind::kTopology;
  throw topology::error_at(document.file, document.root.origin, "",
                           "neither a topology nor a scenario, allowed: a file with sites or with workload");
}

std::optional<FileKind> kind_of(const Library& library, std::string_view name_or_path) {
  if (is_path(name_or_path)) return kind_of(fs::path(name_or_path));
  const auto is_in = [&](const fs::path& directory) {
    const std::vector<LibraryEntry> entries = list(directory);
    return std::any_of(entries.begin(), entries.end(),
                       [&](const LibraryEntry& entry) { return entry.name == name_or_path; });
  };
  if (is_in(library.topologies)) return FileKind::kTopology;
  if (is_in(library.scenarios)) return FileKind::kScenario;
  return std::nullopt;
}

}  // namespace longhaul::scenario
