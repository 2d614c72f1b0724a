// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/hook_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

#include "emulator/hooks/hook_source.h"

namespace longhaul::scenario {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kObject = ".bpf.o", kSource = ".bpf.c";

fs::path shipped_file(const std::string& name, const fs::path& shipped) {
  fs::path file = shipped / (name + std::string(kObject));
  if (fs::exists(file)) return file;
  const std::vector<std::string> names = shipped_hooks(shipped);
  throw std::runtime_error(fmt::format(
      "no hook {} is shipped, allowed: {}", name,
      names.empty() ? "none, longhaul was built without clang" : fmt::format("{}", fmt::join(names, ", "))));
}

}  // namespace

std::vector<std::string> shipped_hooks(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, none)) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(kObject)) names.push_back(file.substr(0, file.size() - kObject.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string hook_object(const std::string& program, const fs::path& shipped,
                        const std::function<fs::path()>& scratch) {
  if (program.ends_with(kObject)) return program;
  if (program.ends_with(kSource)) return hooks::built_hook(program, scratch()).string();
  return shipped_file(program, shipped).string();
}

void find_hook_files(dataplane::EngineConfig& config, const fs::path& shipped,
                     const std::function<fs::path()>& scratch) {
  std::map<std::string, std::string> found;
  std::optional<fs::path> directory;
  const auto one_directory = [&] {
    if (!directory) directory = scratch();
    return *directory;
  };
  for (dataplane::DirectionConfig& direction : config.directions) {
    for (dataplane::HookConfig& hook : direction.hooks) {
      std::string& file = found[hook.file];
      if (file.empty()) file = hook_object(hook.file, shipped, one_directory);
      hook.file = file;
    }
  }
}

}  // namespace longhaul::scenario
