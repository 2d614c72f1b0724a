// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/verified_code.h"

#include <fmt/format.h>
#include <rte_bpf.h>
#include <rte_errno.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "emulator/hooks/advice.h"
#include "emulator/hooks/dpdk_words.h"
#include "emulator/hooks/elf_tables.h"
#include "emulator/hooks/helper_table.h"
#include "emulator/hooks/hook_abi.h"
#include "emulator/hooks/shared_maps.h"
#include "emulator/hooks/source_lines.h"

namespace longhaul::hooks {
namespace {

using Code = std::vector<ebpf_insn>;

// A program on its way: what each step below needs of it.
struct Candidate {
  const BpfProgram& program;
  const ElfTables& tables;
  const SharedMaps& maps;
  const SourceLines& lines;

  std::string place(std::size_t instruction) const { return lines.at(program.section, instruction); }
  std::span<const ElfRelocation> relocations() const {
    const auto found = tables.relocations.find(program.section);
    return found != tables.relocations.end() ? std::span(found->second) : std::span<const ElfRelocation>();
  }
};

Code code_of(const BpfProgram& program) {
  Code code(program.instructions.size());
  static_assert(sizeof(ebpf_insn) == sizeof program.instructions[0]);
  std::memcpy(code.data(), program.instructions.data(), code.size() * sizeof(ebpf_insn));
  return code;
}

[[noreturn]] void refuse_own_function(const Candidate& candidate, std::size_t at) {
  std::string callee;  // unknown of a static function
  for (const ElfRelocation& relocation : candidate.relocations()) {
    if (relocation.offset == at * sizeof(ebpf_insn)) {
      callee = candidate.tables.symbols[relocation.symbol].name;
    }
  }
  throw std::runtime_error(fmt::format("{}: it calls {}, which was not inlined: make that LH_INLINE",
                                       candidate.place(at),
                                       callee.empty() ? "a function of its own" : callee));
}

// Calls name a helper by its number, DPDK knows it by its place in the table.
void bind_helpers(Code& code, const Candidate& candidate) {
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (code[at].code != (BPF_JMP | EBPF_CALL)) continue;
    if (code[at].src_reg != 0) refuse_own_function(candidate, at);
    const std::optional<std::int32_t> index = helper_index(code[at].imm);
    if (!index) {
      throw std::runtime_error(fmt::format(
          "{}: it calls kernel helper {}, which does not exist in the data plane: use the context, "
          "maps, lh_random, lh_time and lh_count",
          candidate.place(at), code[at].imm));
    }
    code[at].imm = *index;
  }
}

// DPDK's verifier takes for granted that jumps stay within the program and that the last instruction is
// whole: it reads and writes beyond its tables otherwise. A compiler makes no such code; a damaged file has
// it.
void check_flow(const Code& code) {
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

// Puts the addresses of maps and variables into the code; returns what the code may touch: bytes by address.
std::map<std::uint64_t, std::size_t> relocate(Code& code, const Candidate& candidate) {
  std::map<std::uint64_t, std::size_t> touched;
  for (const ElfRelocation& relocation : candidate.relocations()) {
    const std::size_t at = relocation.offset / sizeof(ebpf_insn);
    const ElfSymbol& symbol = candidate.tables.symbols[relocation.symbol];
    const bool is_load = relocation.offset % sizeof(ebpf_insn) == 0 && at + 1 < code.size() &&
                         code[at].code == (BPF_LD | BPF_IMM | EBPF_DW);
    const bool in_map = symbol.section == ".maps";
    const std::span<std::byte> memory = candidate.maps.memory(in_map ? symbol.name : symbol.section);
    const std::uint64_t offset =
        is_load ? (in_map ? 0 : symbol.value) + static_cast<std::uint32_t>(code[at].imm) : 0;
    if (!is_load || offset >= memory.size()) {
      throw std::runtime_error(fmt::format(
          "{}: it refers to {} in {}, allowed: global variables and array maps of this file, maps not static",
          candidate.place(at), symbol.name.empty() ? "something" : symbol.name,
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

// Helpers first, since calls count from there.
std::vector<rte_bpf_xsym> symbols_of(const std::map<std::uint64_t, std::size_t>& touched) {
  const std::span<const rte_bpf_xsym> helpers = helper_table();
  std::vector<rte_bpf_xsym> symbols(helpers.begin(), helpers.end());
  for (const auto& [address, size] : touched) {
    rte_bpf_xsym symbol{};
    symbol.name = "memory";
    symbol.type = RTE_BPF_XTYPE_VAR;
    symbol.var.val = std::bit_cast<void*>(address);
    symbol.var.desc.type = RTE_BPF_ARG_PTR;
    symbol.var.desc.size = size;
    symbols.push_back(symbol);
  }
  return symbols;
}

// The verifier's words with source lines for its "pc: 7", and the way out.
std::string explain(const std::string& words, const Code& code, const Candidate& candidate) {
  constexpr std::string_view kMark = "pc:";
  std::string text;
  bool in_call = false;
  for (std::string_view rest = words;;) {
    const std::size_t mark = rest.find(kMark);
    text += rest.substr(0, mark);
    if (mark == std::string_view::npos) break;
    rest.remove_prefix(mark + kMark.size());
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    std::size_t at = 0;
    const char* const end = std::from_chars(rest.data(), rest.data() + rest.size(), at).ptr;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    in_call = in_call || (at < code.size() && code[at].code == (BPF_JMP | EBPF_CALL));
    text += candidate.place(at);
  }
  return fmt::format("{}: {}", text, in_call ? call_advice() : advice(words));
}

rte_bpf* verify(const Code& code, const Candidate& candidate, std::span<const rte_bpf_xsym> symbols) {
  rte_bpf_prm parameters{};
  parameters.ins = code.data();
  parameters.nb_ins = static_cast<std::uint32_t>(code.size());
  parameters.xsym = symbols.data();
  parameters.nb_xsym = static_cast<std::uint32_t>(symbols.size());
  parameters.prog_arg.type = RTE_BPF_ARG_PTR;
  parameters.prog_arg.size = sizeof(lh_hook_ctx);
  DpdkWords words;
  rte_bpf* bpf = rte_bpf_load(&parameters);
  if (bpf != nullptr) return bpf;
  const int error = rte_errno;
  const std::string said = words.one_line();
  throw std::runtime_error("the verifier refuses it: " +
                           explain(said.empty() ? rte_strerror(error) : said, code, candidate));
}

}  // namespace

void VerifiedCode::Destroy::operator()(rte_bpf* bpf) const {
  rte_bpf_destroy(bpf);
}

VerifiedCode::VerifiedCode(const BpfProgram& program, const ElfTables& tables, const SharedMaps& maps,
                           const SourceLines& lines)
    : name_(program.name) {
  const Candidate candidate{program, tables, maps, lines};
  Code code = code_of(program);
  try {
    bind_helpers(code, candidate);
    check_flow(code);
    const std::vector<rte_bpf_xsym> symbols = symbols_of(relocate(code, candidate));
    bpf_.reset(verify(code, candidate, symbols));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("program {}: {}", name_, error.what()));
  }
  rte_bpf_jit jit{};
  rte_bpf_get_jit(bpf_.get(), &jit);
  if (jit.func == nullptr) throw std::runtime_error("DPDK has no BPF compiler for this kind of CPU");
  function_ = jit.func;
}

}  // namespace longhaul::hooks
