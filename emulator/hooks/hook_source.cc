// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_source.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "nic/command.h"

namespace longhaul::hooks {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kCompileTime{60};

std::string first_error(std::string_view said) {
  const std::size_t at = said.find("error:");
  const std::size_t begin = at == std::string_view::npos ? 0 : said.rfind('\n', at) + 1;  // npos + 1 is 0
  const std::string_view line = said.substr(begin, said.find('\n', begin) - begin);
  return line.empty() ? "clang failed and does not say why" : std::string(line);
}

// A place of its own for each source, so that two of one name do not meet; the name itself stays, since maps
// are called after it.
fs::path object_path(const fs::path& source, const fs::path& scratch) {
  const std::size_t number = std::hash<std::string>()(fs::absolute(source).lexically_normal().string());
  return scratch / fmt::format("hook-{:016x}", number) / (source.stem().string() + ".o");
}

void compile(const fs::path& clang, const fs::path& source, const fs::path& object) {
  nic::Command command;
  // -mcpu=v2 is what DPDK's verifier knows; -g gives maps their types and refusals their lines.
  command.argv = {clang.string(),
                  "-O2",
                  "-g",
                  "-target",
                  "bpf",
                  "-mcpu=v2",
                  "-ffreestanding",
                  "-ferror-limit=1",
                  "-fno-caret-diagnostics",
                  "-fno-color-diagnostics",
                  "-I" + hook_include_directory().string(),
                  "-c",
                  fs::absolute(source).string(),
                  "-o",
                  object.string()};
  const nic::CommandResult result = nic::run_command(command, kCompileTime);
  if (result.timed_out)
    throw std::runtime_error(fmt::format("clang took longer than {} s", kCompileTime.count()));
  if (!result.status.success()) throw std::runtime_error(first_error(result.error_tail));
}

}  // namespace

fs::path hook_include_directory() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  const fs::path installed = program.parent_path().parent_path() / "include/longhaul";
  return fs::exists(installed / "emulator/hooks/hook.bpf.h") ? installed : fs::path(LONGHAUL_SOURCE_ROOT);
}

fs::path built_hook(const fs::path& file, const fs::path& scratch_directory) {
  const std::string name = file.filename().string();
  if (name.ends_with(".bpf.o")) return file;
  try {
    if (!name.ends_with(".bpf.c")) throw std::runtime_error("allowed: a .bpf.o, or a .bpf.c to be compiled");
    if (!fs::is_regular_file(file)) throw std::runtime_error("there is no such file");
    const std::optional<fs::path> clang = nic::find_program("clang");
    if (!clang)
      throw std::runtime_error("clang is not installed: install it, or name a .bpf.o built elsewhere");
    const fs::path object = object_path(file, scratch_directory);
    fs::create_directories(object.parent_path());
    compile(*clang, file, object);
    return object;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("cannot build hook {}: {}", file.string(), error.what()));
  }
}

}  // namespace longhaul::hooks
