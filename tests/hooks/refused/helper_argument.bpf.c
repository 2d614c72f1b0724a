// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

uint64_t small;

LH_HOOK(ingress) int helper_argument(struct lh_hook_ctx* ctx) {
  uint64_t drawn = lh_random((struct lh_hook_ctx*)&small);
  return drawn > ctx->now_ns ? LH_DROP : LH_PASS;
}
