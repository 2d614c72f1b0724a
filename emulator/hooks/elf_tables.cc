// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/elf_tables.h"

#include <gelf.h>
#include <libelf.h>

#include <memory>
#include <stdexcept>

namespace longhaul::hooks {
namespace {

struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};

[[noreturn]] void fail() {
  const char* why = elf_errmsg(-1);
  throw std::runtime_error(why != nullptr ? why : "damaged ELF file");
}

std::string text(Elf* elf, std::size_t table, std::size_t offset) {
  const char* found = elf_strptr(elf, table, offset);
  return found != nullptr ? found : "";
}

std::string section_name(Elf* elf, Elf_Scn* section) {
  std::size_t names = 0;
  GElf_Shdr header;
  if (elf_getshdrstrndx(elf, &names) != 0 || gelf_getshdr(section, &header) == nullptr) fail();
  return text(elf, names, header.sh_name);
}

std::vector<ElfSymbol> read_symbols(Elf* elf, Elf_Scn* section, const GElf_Shdr& header) {
  std::vector<ElfSymbol> symbols;
  Elf_Data* data = elf_getdata(section, nullptr);
  GElf_Sym symbol;
  for (int i = 0; data != nullptr && gelf_getsym(data, i, &symbol) != nullptr; ++i) {
    ElfSymbol& read = symbols.emplace_back();
    if (GELF_ST_TYPE(symbol.st_info) != STT_SECTION) read.name = text(elf, header.sh_link, symbol.st_name);
    Elf_Scn* home = symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE
                        ? nullptr
                        : elf_getscn(elf, symbol.st_shndx);
    if (home != nullptr) read.section = section_name(elf, home);
    read.value = symbol.st_value;
    read.size = symbol.st_size;
  }
  return symbols;
}

std::vector<ElfRelocation> read_relocations(Elf_Scn* section) {
  std::vector<ElfRelocation> relocations;
  Elf_Data* data = elf_getdata(section, nullptr);
  GElf_Rel relocation;
  for (int i = 0; data != nullptr && gelf_getrel(data, i, &relocation) != nullptr; ++i) {
    relocations.push_back({relocation.r_offset, GELF_R_SYM(relocation.r_info)});
  }
  return relocations;
}

std::vector<std::byte> read_bytes(Elf_Scn* section) {
  const Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return {};
  const auto* begin = static_cast<const std::byte*>(data->d_buf);
  return {begin, begin + data->d_size};
}

void check_symbols(const ElfTables& tables) {
  for (const auto& [section, relocations] : tables.relocations) {
    for (const ElfRelocation& relocation : relocations) {
      if (relocation.symbol >= tables.symbols.size())
        throw std::runtime_error("a relocation names no symbol");
    }
  }
}

}  // namespace

ElfTables read_elf_tables(std::span<char> image) {
  elf_version(EV_CURRENT);
  const std::unique_ptr<Elf, EndElf> elf(elf_memory(image.data(), image.size()));
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) fail();
  ElfTables tables;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) fail();
    if (header.sh_type == SHT_SYMTAB) tables.symbols = read_symbols(elf.get(), section, header);
    if (header.sh_type == SHT_PROGBITS && section_name(elf.get(), section) == ".BTF.ext") {
      tables.btf_extension = read_bytes(section);
    }
    if (header.sh_type != SHT_REL) continue;
    Elf_Scn* target = elf_getscn(elf.get(), header.sh_info);
    if (target == nullptr) continue;
    const std::string name = section_name(elf.get(), target);
    if (name.starts_with("hook/")) tables.relocations[name] = read_relocations(section);
  }
  check_symbols(tables);
  return tables;
}

}  // namespace longhaul::hooks
