// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int unset_stack(struct lh_hook_ctx* ctx) {
  uint64_t value = ctx->now_ns;
  __asm__ volatile("r2 = *(u64 *)(r10 - 64)\n%0 += r2" : "+r"(value) : : "r2");
  return value == 1 ? LH_DROP : LH_PASS;
}
