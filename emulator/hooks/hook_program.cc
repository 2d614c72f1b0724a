// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_program.h"

#include <fmt/format.h>
#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <vector>

#include "emulator/hooks/elf_tables.h"
#include "emulator/hooks/shared_maps.h"

namespace longhaul::hooks {
namespace {

constexpr std::string_view kSection = "hook/ingress";
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

struct DestroyBpf {
  void operator()(rte_bpf* bpf) const { rte_bpf_destroy(bpf); }
};

// Length of what names a function of DPDK at the start of a log line: "evaluate: " or
// "validate(0x7ffd62845100) ".
std::size_t origin_length(std::string_view line) {
  std::size_t end = std::min(line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), line.size());
  const std::size_t name = end;
  if (line.substr(end).starts_with('(')) end = std::min(line.find(')', end), line.size() - 1) + 1;
  if (line.substr(end).starts_with(':')) ++end;
  return end > name && line.substr(end).starts_with(' ') ? end + 1 : 0;
}

// What DPDK logs while this lives.
class DpdkWords {
 public:
  DpdkWords() : previous_(rte_log_get_stream()), file_(open_memstream(&text_, &size_)) {
    if (file_ == nullptr) throw std::runtime_error("no memory for DPDK's log");
    rte_openlog_stream(file_);
  }
  ~DpdkWords() {
    rte_openlog_stream(previous_);
    std::fclose(file_);
    std::free(text_);
  }
  DpdkWords(const DpdkWords&) = delete;
  DpdkWords& operator=(const DpdkWords&) = delete;

  // Its lines joined, without the names of its functions.
  std::string one_line() {
    std::fflush(file_);
    std::string line;
    std::string_view rest(text_, size_);
    while (!rest.empty()) {
      std::string_view part = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      part.remove_prefix(origin_length(part));
      while (part.ends_with(';') || part.ends_with(' ')) part.remove_suffix(1);
      if (!part.empty()) line += (line.empty() ? "" : "; ") + std::string(part);
    }
    return line;
  }

 private:
  std::FILE* previous_;
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

// The usual way out of what the verifier said.
std::string_view advice(std::string_view words) {
  struct Known {
    std::string_view words, advice;
  };
  constexpr std::array kKnown{
      Known{"loops detected", "unroll the loop (#pragma unroll), a loop is refused even when it is bounded"},
      Known{"memory boundary violation",
            "keep within the context or the map: mask a variable index (LH_AT), a comparison is not enough"},
      Known{"destination is not a pointer",
            "only the context, the stack, maps and global variables can be read"},
      Known{"invalid opcode", "compile with -mcpu=v2"},
      Known{"invalid imm field", "an atomic operation may not use its old value"},
      Known{"unreachable", "keep to one function in section hook/ingress"},
  };
  for (const Known& known : kKnown) {
    if (words.find(known.words) != std::string_view::npos) return known.advice;
  }
  return "compile with clang -O2 -mcpu=v2 and see emulator/hooks/hook.bpf.h for what a hook may do";
}

const BpfProgram& the_program(const SharedMaps& maps) {
  const BpfProgram* found = nullptr;
  for (const BpfProgram& program : maps.programs()) {
    if (program.section != kSection) continue;
    if (found != nullptr) {
      throw std::runtime_error(fmt::format("{} and {} are both in section {}, a hook is one function",
                                           found->name, program.name, kSection));
    }
    found = &program;
  }
  if (found == nullptr)
    throw std::runtime_error(fmt::format("no program in section {}: mark it LH_HOOK", kSection));
  return *found;
}

void refuse_calls(const std::vector<ebpf_insn>& code, const ElfTables& tables) {
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i].code != (BPF_JMP | EBPF_CALL)) continue;
    if (code[i].src_reg == 0) {
      throw std::runtime_error(
          fmt::format("it calls kernel helper {}, which does not exist in the data plane: use "
                      "the context and maps",
                      code[i].imm));
    }
    std::string callee;
    for (const ElfRelocation& relocation : tables.relocations) {
      if (relocation.offset == i * sizeof(ebpf_insn)) callee = tables.symbols[relocation.symbol].name;
    }
    throw std::runtime_error(fmt::format("it calls {}, a function of its own: make that LH_INLINE",
                                         callee.empty() ? "a static function" : callee));
  }
}

// Puts the addresses of maps and variables into the code; returns what the code may touch: bytes by address.
std::map<std::uint64_t, std::size_t> relocate(std::vector<ebpf_insn>& code, const ElfTables& tables,
                                              const SharedMaps& maps) {
  std::map<std::uint64_t, std::size_t> touched;
  for (const ElfRelocation& relocation : tables.relocations) {
    const std::size_t at = relocation.offset / sizeof(ebpf_insn);
    const ElfSymbol& symbol = tables.symbols[relocation.symbol];
    const bool is_load = relocation.offset % sizeof(ebpf_insn) == 0 && at + 1 < code.size() &&
                         code[at].code == (BPF_LD | BPF_IMM | EBPF_DW);
    const bool in_map = symbol.section == ".maps";
    const std::span<std::byte> memory = maps.memory(in_map ? symbol.name : symbol.section);
    const std::uint64_t offset =
        is_load ? (in_map ? 0 : symbol.value) + static_cast<std::uint32_t>(code[at].imm) : 0;
    if (!is_load || offset >= memory.size()) {
      throw std::runtime_error(fmt::format(
          "it refers to {} in {}, allowed: global variables and array maps of this file, maps not static",
          symbol.name.empty() ? "something" : symbol.name,
          symbol.section.empty() ? "another file" : "section " + symbol.section));
    }
    const std::uint64_t address = std::bit_cast<std::uint64_t>(memory.data() + offset);
    code[at].src_reg = 0;
    code[at].imm = static_cast<std::int32_t>(address);
    code[at + 1].imm = static_cast<std::int32_t>(address >> 32);
    touched[address] = memory.size() - offset;
  }
  return touched;
}

// DPDK's verifier takes for granted that jumps stay within the program and that the last instruction is
// whole: it reads and writes beyond its tables otherwise. A compiler makes no such code; a damaged file has
// it.
void check_flow(const std::vector<ebpf_insn>& code) {
  constexpr std::uint8_t kClass = 0x07, kJumpClass = 0x05, kOperation = 0xf0, kCall = 0x80, kExit = 0x90;
  constexpr std::uint8_t kLoadDouble = 0x18;  // takes two slots
  const auto slots = static_cast<std::ptrdiff_t>(code.size());
  for (std::ptrdiff_t at = 0; at < slots; ++at) {
    const ebpf_insn& instruction = code[static_cast<std::size_t>(at)];
    const std::uint8_t operation = instruction.code & kOperation;
    const bool jumps = (instruction.code & kClass) == kJumpClass && operation != kCall && operation != kExit;
    const std::ptrdiff_t next = jumps ? at + 1 + instruction.off : at + 1;
    const bool leaves = jumps && (next < 0 || next >= slots);
    if (leaves || (instruction.code == kLoadDouble && ++at >= slots)) {
      throw std::runtime_error(
          fmt::format("instruction {} leads out of the program; the file is damaged", at));
    }
  }
}

rte_bpf* verify(const std::vector<ebpf_insn>& code, const std::map<std::uint64_t, std::size_t>& touched) {
  std::vector<rte_bpf_xsym> symbols;
  for (const auto& [address, size] : touched) {
    rte_bpf_xsym symbol{};
    symbol.name = "memory";
    symbol.type = RTE_BPF_XTYPE_VAR;
    symbol.var.val = std::bit_cast<void*>(address);
    symbol.var.desc.type = RTE_BPF_ARG_PTR;
    symbol.var.desc.size = size;
    symbols.push_back(symbol);
  }
  rte_bpf_prm parameters{};
  parameters.ins = code.data();
  parameters.nb_ins = static_cast<std::uint32_t>(code.size());
  parameters.xsym = symbols.empty() ? nullptr : symbols.data();
  parameters.nb_xsym = static_cast<std::uint32_t>(symbols.size());
  parameters.prog_arg.type = RTE_BPF_ARG_PTR;
  parameters.prog_arg.size = sizeof(lh_hook_ctx);
  DpdkWords words;
  rte_bpf* bpf = rte_bpf_load(&parameters);
  if (bpf != nullptr) return bpf;
  const int error = rte_errno;
  const std::string said = words.one_line();
  throw std::runtime_error(fmt::format("the verifier refuses it: {}: {}",
                                       said.empty() ? rte_strerror(error) : said, advice(said)));
}

}  // namespace

struct HookProgram::Parts {
  explicit Parts(std::vector<char> image, const std::string& object_name)
      : maps(image, object_name), name(the_program(maps).name) {
    const std::vector<std::uint64_t>& written = the_program(maps).instructions;
    std::vector<ebpf_insn> code(written.size());
    std::memcpy(code.data(), written.data(), written.size() * sizeof(ebpf_insn));
    try {
      tables = read_elf_tables(image, kSection);
      refuse_calls(code, tables);
      check_flow(code);
      bpf.reset(verify(code, relocate(code, tables, maps)));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("program {}: {}", name, error.what()));
    }
  }

  SharedMaps maps;  // outlives the code that has its addresses
  std::string name;
  ElfTables tables;
  std::unique_ptr<rte_bpf, DestroyBpf> bpf;
};

HookProgram::HookProgram(const std::filesystem::path& file) {
  try {
    const std::string name = file.filename().string();
    parts_ = std::make_unique<Parts>(read_file(file), name.substr(0, name.find('.')));
    rte_bpf_jit jit{};
    rte_bpf_get_jit(parts_->bpf.get(), &jit);
    if (jit.func == nullptr) throw std::runtime_error("DPDK has no BPF compiler for this kind of CPU");
    code_ = jit.func;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("cannot load hook {}: {}", file.string(), error.what()));
  }
}

HookProgram::~HookProgram() = default;
HookProgram::HookProgram(HookProgram&&) noexcept = default;

const std::string& HookProgram::name() const {
  return parts_->name;
}

std::span<std::byte> HookProgram::variable(std::string_view name) const {
  for (const ElfSymbol& symbol : parts_->tables.symbols) {
    if (symbol.name != name || name.empty()) continue;
    if (symbol.section == ".maps") return parts_->maps.memory(name);
    const std::span<std::byte> section = parts_->maps.memory(symbol.section);
    if (symbol.section == ".rodata" || symbol.value > section.size()) continue;
    if (symbol.size > section.size() - symbol.value) continue;
    return section.subspan(symbol.value, symbol.size);
  }
  throw std::runtime_error(
      fmt::format("hook {} has no variable or map {} that can change", parts_->name, name));
}

}  // namespace longhaul::hooks
