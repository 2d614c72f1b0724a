// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_ARRAY(counts, uint32_t, 64);

LH_HOOK(ingress) int odd_values(struct lh_hook_ctx* ctx) {
  ++*LH_AT(counts, ctx->link, 64);
  return LH_PASS;
}
