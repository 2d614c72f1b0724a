// SPDX-License-Identifier: GPL-2.0-only
//
// The global variables of a hook file that take a number: integers, bool and enumerations, of 1, 2, 4 or 8
// bytes. Types come from BTF; a file without it (compiled without -g) has sizes only, and any number that
// fits as signed or as unsigned is taken. Control thread only; refers to the tables and maps that it was
// made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/hooks/elf_tables.h"
#include "emulator/hooks/shared_maps.h"

namespace longhaul::hooks {

// The bytes of a global variable; empty for what is none.
std::span<std::byte> memory_of(const ElfSymbol& symbol, const SharedMaps& maps);

class HookVariables {
 public:
  HookVariables(const ElfTables& tables, const SharedMaps& maps);

  // Writes a number, decimal or 0x hexadecimal, in one store. Throws std::runtime_error: what is wrong, what
  // is allowed, the variables that there are.
  void set(std::string_view name, std::string_view value) const;

 private:
  struct Variable {
    std::string name, type;  // as C writes it
    std::span<std::byte> bytes;
    std::int64_t least = 0;
    std::uint64_t most = 0;
  };
  static std::vector<Variable> read(const ElfTables& tables, const SharedMaps& maps);
  std::string list() const;

  std::vector<Variable> variables_;
};

}  // namespace longhaul::hooks
