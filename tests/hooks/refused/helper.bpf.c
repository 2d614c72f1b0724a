// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

static uint64_t (*ktime_get_ns)(void) = (void*)5;

LH_HOOK(ingress) int helper(struct lh_hook_ctx* ctx) {
  return ktime_get_ns() > ctx->now_ns ? LH_DROP : LH_PASS;
}
