// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/helper_table.h"

#include <array>

#include "emulator/hooks/hook_call.h"
#include "emulator/hooks/hook_helpers.h"

// Code that DPDK 22.11 compiles does not keep the stack aligned to 16 bytes, which what it calls relies on.
#if defined(__x86_64__)
#define LH_CALLED_FROM_BPF __attribute__((force_align_arg_pointer))
#else
#define LH_CALLED_FROM_BPF
#endif

namespace longhaul::hooks {
namespace {

using Word = std::uint64_t;

LH_CALLED_FROM_BPF Word draw(Word, Word, Word, Word, Word) {
  core::WordStream* const random = running_call->random;
  if (random == nullptr) return 0;
  const Word low = random->next();
  return Word{random->next()} << 32 | low;
}

LH_CALLED_FROM_BPF Word time(Word, Word, Word, Word, Word) {
  return running_call->context.now_ns;
}

LH_CALLED_FROM_BPF Word count(Word, Word counter, Word, Word, Word) {
  static_assert((LH_COUNTERS & (LH_COUNTERS - 1)) == 0);
  if (running_call->counters != nullptr) ++running_call->counters[counter & (LH_COUNTERS - 1)];
  return 0;
}

constexpr rte_bpf_arg kContext{RTE_BPF_ARG_PTR, sizeof(lh_hook_ctx), 0};
constexpr rte_bpf_arg kWord{RTE_BPF_ARG_RAW, sizeof(Word), 0};

struct Helper {
  lh_helper number;
  const char* name;
  Word (*function)(Word, Word, Word, Word, Word);
  std::uint32_t arguments;  // the context, then words
};
constexpr std::array kHelpers{
    Helper{LH_HELPER_RANDOM, "lh_random", draw, 1},
    Helper{LH_HELPER_TIME, "lh_time", time, 1},
    Helper{LH_HELPER_COUNT, "lh_count", count, 2},
};

std::array<rte_bpf_xsym, kHelpers.size()> describe() {
  std::array<rte_bpf_xsym, kHelpers.size()> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i].name = kHelpers[i].name;
    table[i].type = RTE_BPF_XTYPE_FUNC;
    table[i].func.val = kHelpers[i].function;
    table[i].func.nb_args = kHelpers[i].arguments;
    for (std::uint32_t a = 0; a < kHelpers[i].arguments; ++a) {
      table[i].func.args[a] = a == 0 ? kContext : kWord;
    }
    table[i].func.ret = kWord;
  }
  return table;
}

}  // namespace

std::span<const rte_bpf_xsym> helper_table() {
  static const auto table = describe();
  return table;
}

std::optional<std::int32_t> helper_index(std::int32_t number) {
  for (std::size_t i = 0; i < kHelpers.size(); ++i) {
    if (kHelpers[i].number == number) return static_cast<std::int32_t>(i);
  }
  return std::nullopt;
}

}  // namespace longhaul::hooks
