// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_ARRAY(counts, uint64_t, 64);

static void* (*lookup)(void* map, const void* key) = (void*)1;

LH_HOOK(ingress) int map_lookup(struct lh_hook_ctx* ctx) {
  uint32_t key = ctx->link;
  return lookup(&counts, &key) == 0 ? LH_DROP : LH_PASS;
}
