// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

static __attribute__((noinline)) int odd(uint64_t number) {
  __asm__ volatile("" : "+r"(number));
  return number & 1 ? LH_DROP : LH_PASS;
}

LH_HOOK(ingress) int call(struct lh_hook_ctx* ctx) {
  return odd(ctx->now_ns);
}
