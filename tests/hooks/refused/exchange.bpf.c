// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

uint64_t owner;

LH_HOOK(ingress) int exchange(struct lh_hook_ctx* ctx) {
  __asm__ volatile(
      "r0 = 0\n"
      ".8byte 0x000000f1000012db | (0 << 0)\n"  // cmpxchg_64(r2 + 0, r0, r1), which clang has from -mcpu=v3 on
      :
      : "r"(&owner), "r"(ctx));
  return LH_PASS;
}
