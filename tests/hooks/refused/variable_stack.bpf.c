// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int variable_stack(struct lh_hook_ctx* ctx) {
  volatile uint64_t last[8] = {0};
  last[LH_WITHIN(ctx->link, 8)] = ctx->now_ns;
  return last[3] != 0 ? LH_DROP : LH_PASS;
}
