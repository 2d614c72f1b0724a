// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_program.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

#include "emulator/hooks/elf_tables.h"
#include "emulator/hooks/hook_variables.h"
#include "emulator/hooks/shared_maps.h"
#include "emulator/hooks/source_lines.h"
#include "emulator/hooks/verified_code.h"

namespace longhaul::hooks {
namespace {

constexpr std::array<std::string_view, 2> kSections{"hook/ingress", "hook/egress"};  // by place
constexpr std::size_t kLargestFile = std::size_t{16} << 20;

std::vector<char> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> image(kLargestFile + 1);
  file.read(image.data(), static_cast<std::streamsize>(image.size()));
  if (!file.is_open() || file.bad() || file.gcount() == 0) throw std::runtime_error("cannot read it");
  if (!file.eof()) throw std::runtime_error("larger than 16 MiB");
  image.resize(static_cast<std::size_t>(file.gcount()));
  return image;
}

// A section that is nearly right would otherwise be a hook that never runs.
void check_sections(const std::vector<BpfProgram>& programs) {
  bool any = false;
  std::string others;
  for (const BpfProgram& program : programs) {
    const bool known = program.section == kSections[LH_INGRESS] || program.section == kSections[LH_EGRESS];
    if (!known && program.section.starts_with("hook/")) {
      throw std::runtime_error(fmt::format("program {} is in section {}, allowed: {} and {}", program.name,
                                           program.section, kSections[LH_INGRESS], kSections[LH_EGRESS]));
    }
    any = any || known;
    others +=
        fmt::format("{}{} is in section {}", others.empty() ? "; " : ", ", program.name, program.section);
  }
  if (any) return;
  throw std::runtime_error(
      fmt::format("no program in section {} or {}: mark it LH_HOOK(ingress) or "
                  "LH_HOOK(egress){}",
                  kSections[LH_INGRESS], kSections[LH_EGRESS], others));
}

const BpfProgram* program_in(std::string_view section, const std::vector<BpfProgram>& programs) {
  const BpfProgram* found = nullptr;
  for (const BpfProgram& program : programs) {
    if (program.section != section) continue;
    if (found != nullptr) {
      throw std::runtime_error(
          fmt::format("{} and {} are both in section {}: keep to one function for each place", found->name,
                      program.name, section));
    }
    found = &program;
  }
  return found;
}

}  // namespace

struct HookProgram::Parts {
  Parts(std::vector<char> image, const std::filesystem::path& path, MapMemory memory, std::string name)
      : called(std::move(name)), maps(image, map_prefix(path), memory), tables(read_elf_tables(image)) {
    check_sections(maps.programs());
    const SourceLines lines(tables.btf_extension, maps.types());
    for (std::size_t place = 0; place < kPlaces; ++place) {
      const BpfProgram* program = program_in(kSections[place], maps.programs());
      if (program != nullptr) code[place].emplace(*program, tables, maps, lines);
    }
  }

  static std::string map_prefix(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name.substr(0, name.find('.'));
  }

  std::string called;
  SharedMaps maps;  // outlives the code that has its addresses
  ElfTables tables;
  std::array<std::optional<VerifiedCode>, kPlaces> code;
};

HookProgram::HookProgram(const std::filesystem::path& file, MapMemory memory, std::string_view called) {
  const std::string name = called.empty() ? file.string() : std::string(called);
  try {
    parts_ = std::make_unique<Parts>(read_file(file), file, memory, name);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("cannot load hook {}: {}", name, error.what()));
  }
  for (std::size_t place = 0; place < kPlaces; ++place) {
    if (parts_->code[place]) code_[place] = parts_->code[place]->function();
  }
}

HookProgram::~HookProgram() = default;
HookProgram::HookProgram(HookProgram&&) noexcept = default;

const std::string& HookProgram::name(lh_place place) const {
  static const std::string none;
  return has(place) ? parts_->code[place]->name() : none;
}

void HookProgram::set_parameter(std::string_view variable, std::string_view value) {
  try {
    HookVariables(parts_->tables, parts_->maps).set(variable, value);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("hook {}: parameter {}={}: {}", parts_->called, variable, value, error.what()));
  }
}

std::span<std::byte> HookProgram::variable(std::string_view name) const {
  for (const ElfSymbol& symbol : parts_->tables.symbols) {
    if (symbol.name != name || name.empty()) continue;
    if (symbol.section == ".maps") return parts_->maps.memory(name);
    if (symbol.section == ".rodata") continue;
    const std::span<std::byte> bytes = memory_of(symbol, parts_->maps);
    if (!bytes.empty()) return bytes;
  }
  throw std::runtime_error(
      fmt::format("hook {} has no variable or map {} that can change", parts_->called, name));
}

}  // namespace longhaul::hooks
