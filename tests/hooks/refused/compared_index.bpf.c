// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_ARRAY(counts, uint64_t, 64);

LH_HOOK(ingress) int compared_index(struct lh_hook_ctx* ctx) {
  if (ctx->link >= 64) return LH_PASS;
  ++((uint64_t*)(void*)&counts)[ctx->link];
  return LH_PASS;
}
