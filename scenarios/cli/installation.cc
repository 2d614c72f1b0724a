// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <system_error>

#include "scenarios/build_info.h"
#include "scenarios/cli/command_line.h"

namespace longhaul::scenario {
namespace {

namespace fs = std::filesystem;

fs::path program_directory() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace

Library shipped_library() {
  const fs::path installed = program_directory().parent_path() / "share/longhaul";
  if (fs::is_directory(installed / "scenarios")) return {installed / "topologies", installed / "scenarios"};
  const fs::path source = kSourceRoot;
  return {source / "topologies/library", source / "scenarios/library"};
}

fs::path rank_program() {
  const fs::path beside = program_directory() / "longhaul-rank";
  return fs::exists(beside) ? beside : program_directory() / "workloads/longhaul-rank";
}

fs::path hook_directory() {
  const fs::path installed = program_directory().parent_path() / "share/longhaul/hooks";
  return fs::is_directory(installed) ? installed
                                     : program_directory().parent_path() / "emulator/hooks/library";
}

std::string version() {
  return kVersion;
}

std::string revision() {
  return kRevision;
}

namespace {

std::uint64_t parse_number(const char* name, const std::string& written, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), number);
  if (error != std::errc() || end != written.data() + written.size() || number > most) {
    throw UsageError(fmt::format("--{} {}: not a whole number from 0 to {}", name, written, most));
  }
  return number;
}

}  // namespace

std::uint64_t Invocation::whole_number(const char* name, std::uint64_t most) const {
  return parse_number(name, text(name), most);
}

std::vector<unsigned> Invocation::numbers(const char* name, unsigned most) const {
  std::vector<unsigned> all;
  std::istringstream list(text(name));
  for (std::string one; std::getline(list, one, ',');) {
    all.push_back(static_cast<unsigned>(parse_number(name, one, most)));
  }
  if (all.empty()) throw UsageError(fmt::format("--{}: not a list of numbers such as 2,3", name));
  return all;
}

std::vector<topology::Override> Invocation::overrides() const {
  std::vector<topology::Override> parsed;
  if (!has("set")) return parsed;
  for (const std::string& text : values["set"].as<std::vector<std::string>>()) {
    parsed.push_back(topology::parse_override(text));
  }
  return parsed;
}

}  // namespace longhaul::scenario
