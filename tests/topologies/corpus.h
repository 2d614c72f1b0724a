// SPDX-License-Identifier: GPL-2.0-only
//
// Files that tests read: the shipped libraries, good files, malformed files with the error that they must
// give, and seeded damage to good files. A malformed file says what is expected in its first line, `# expect:
// 7: key: message`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace longhaul::test {

// A path below the root of the project.
std::filesystem::path in_project(const std::string& path);

// The whole file.
std::string slurp(const std::filesystem::path& file);

// All .yaml files of a directory, by name.
std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& directory);

// What `# expect: ` in the first line says, empty when there is no such line.
std::string expectation(const std::string& text);

// `text` with one to eight pieces removed, repeated, swapped, or replaced by what has broken parsers before.
std::string damaged(std::string text, std::mt19937_64& random);

}  // namespace longhaul::test
