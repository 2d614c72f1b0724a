// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int divided_by_zero(struct lh_hook_ctx* ctx) {
  uint64_t value = ctx->now_ns;
  __asm__ volatile("%0 /= 0" : "+r"(value));
  return value == 1 ? LH_DROP : LH_PASS;
}
