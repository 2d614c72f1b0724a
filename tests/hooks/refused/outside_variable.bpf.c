// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

uint64_t table[8];

LH_HOOK(ingress) int outside_variable(struct lh_hook_ctx* ctx) {
  ++table[LH_WITHIN(ctx->link, 16)];  // twice what there is
  return LH_PASS;
}
