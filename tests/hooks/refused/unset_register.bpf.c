// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int unset_register(struct lh_hook_ctx* ctx) {
  uint64_t value = ctx->now_ns;
  __asm__ volatile("%0 += r7" : "+r"(value));
  return value == 1 ? LH_DROP : LH_PASS;
}
