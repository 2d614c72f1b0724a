// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

// Compiled with -mcpu=v3, which compares 32 bits at a time.
LH_HOOK(ingress) int new_jumps(struct lh_hook_ctx* ctx) {
  return ctx->frame_bytes > ctx->head_bytes ? LH_DROP : LH_PASS;
}
