// SPDX-License-Identifier: GPL-2.0-only
//
// Answers what the frame itself says: from byte 42 on, the verdict at ingress and a number for it, then the
// same for egress.
#include "emulator/hooks/hook.bpf.h"

#define WORDS 42

LH_INLINE int obey(struct lh_hook_ctx* ctx, uint8_t verdict, uint8_t number) {
  lh_count(ctx, ctx->place);
  ctx->drop_cause = number;
  ctx->delay_ns = number * 10000ULL;
  ctx->set_class = number;
  ctx->set_ecn = number;
  ctx->corrupt_bit = ctx->frame_bytes * 8 - 1 - number;
  return verdict;
}

LH_HOOK(ingress) int obey_in(struct lh_hook_ctx* ctx) { return obey(ctx, ctx->head[WORDS], ctx->head[WORDS + 1]); }

LH_HOOK(egress) int obey_out(struct lh_hook_ctx* ctx) {
  return obey(ctx, ctx->head[WORDS + 2], ctx->head[WORDS + 3]);
}
