// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int loop(struct lh_hook_ctx* ctx) {
  uint64_t left = ctx->queue_bytes;
#pragma clang loop unroll(disable)
  while (left > 7) {
    left = left * 3 / 4;
    __asm__ volatile("" : "+r"(left));
  }
  return left == 5 ? LH_DROP : LH_PASS;
}
