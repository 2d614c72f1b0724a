// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int bounded_loop(struct lh_hook_ctx* ctx) {
  uint64_t sum = 0;
#pragma clang loop unroll(disable)
  for (uint64_t i = 0; i < 64; ++i) {
    sum += ctx->queue_bytes >> i;
    __asm__ volatile("" : "+r"(sum));
  }
  return sum > 9 ? LH_DROP : LH_PASS;
}
