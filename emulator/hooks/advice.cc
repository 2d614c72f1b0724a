// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/advice.h"

#include <array>
#include <span>

namespace longhaul::hooks {
namespace {

struct Known {
  std::string_view words, advice;
};

std::string_view look_up(std::span<const Known> known, std::string_view words) {
  for (const Known& one : known) {
    if (words.find(one.words) != std::string_view::npos) return one.advice;
  }
  return {};
}

// Longer words before those that they contain.
constexpr std::array kVerifier{
    Known{"loops detected", "unroll the loop (#pragma unroll), a loop is refused even when it is bounded"},
    Known{"memory boundary violation",
          "keep within the context, the map or the stack: mask a variable index (LH_AT, LH_WITHIN), a "
          "comparison is not enough"},
    Known{"destination is not a pointer",
          "only the context, the stack, maps and global variables can be read and written, and not through a "
          "pointer that was kept in memory"},
    Known{"stack access with variable offset",
          "an array on the stack takes constant indices only: make it a global variable and mask the index "
          "(LH_WITHIN)"},
    Known{"undefined value on the stack", "give the variable a value on every way that leads there"},
    Known{"value is undefined", "give the variable a value on every way that leads there"},
    Known{"undefined return value", "return a verdict on every way out, LH_PASS for instance"},
    Known{"invalid opcode", "compile with -mcpu=v2"},
    Known{"invalid imm field",
          "an atomic operation may not use the old value, and nothing may be divided by a constant zero"},
    Known{"invalid src-reg field", "make the functions that it calls LH_INLINE"},
    Known{"unreachable", "keep to one function in each section"},
};

constexpr std::array kFile{
    Known{"extern", "everything that a hook uses has to be in its one file"},
    Known{"map linkage", "remove `static`"},
    Known{"BTF is required", "compile with -g"},
    Known{"missing BTF", "compile with -g"},
};

}  // namespace

std::string_view advice(std::string_view words) {
  const std::string_view known = look_up(kVerifier, words);
  return known.empty()
             ? "compile with clang -O2 -mcpu=v2 and see emulator/hooks/hook.bpf.h for what a hook may do"
             : known;
}

std::string_view call_advice() {
  return "hand the helper its context first, and numbers that were set";
}

std::string_view file_advice(std::string_view words) {
  return look_up(kFile, words);
}

}  // namespace longhaul::hooks
