// SPDX-License-Identifier: GPL-2.0-only
//
// The symbols of a BPF object file, the relocations of its hooks and its .BTF.ext, as plain values: what
// libbpf does not show of a program that it does not load. The file is not trusted; every index and offset
// has been checked on return except offsets into sections, whose size the user of a relocation knows. System
// V ABI, ELF-64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace longhaul::hooks {

struct ElfSymbol {
  std::string name;     // empty for the symbol of a section
  std::string section;  // empty when it is defined elsewhere
  std::uint64_t value = 0, size = 0;
};

struct ElfRelocation {
  std::uint64_t offset = 0;  // into the section
  std::size_t symbol = 0;    // index of ElfTables::symbols
};

struct ElfTables {
  std::vector<ElfSymbol> symbols;
  std::map<std::string, std::vector<ElfRelocation>, std::less<>> relocations;  // by section
  std::vector<std::byte> btf_extension;                                        // .BTF.ext; empty: none
};

// Reads `image`, which the ELF library may change. Throws std::runtime_error with the reason alone.
ElfTables read_elf_tables(std::span<char> image);

}  // namespace longhaul::hooks
