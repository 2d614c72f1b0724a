// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

static uint64_t (*ktime_get_ns)(void) = (void*)5;

LH_HOOK int helper(struct lh_hook_ctx* ctx) {
  return ktime_get_ns() > ctx->at_ns ? LH_DROP : LH_PASS;
}
