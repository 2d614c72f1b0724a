// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

extern uint64_t period;

LH_HOOK(ingress) int extern_variable(struct lh_hook_ctx* ctx) {
  return ctx->now_ns > period ? LH_DROP : LH_PASS;
}
