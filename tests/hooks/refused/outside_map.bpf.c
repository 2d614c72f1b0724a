// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_ARRAY(counts, uint64_t, 64);

LH_HOOK(ingress) int outside_map(struct lh_hook_ctx* ctx) {
  ++LH_AT(counts, ctx->link, 128)[0];  // twice what there is
  return LH_PASS;
}
