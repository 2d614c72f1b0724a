// SPDX-License-Identifier: GPL-2.0-only
//
// Drops a quarter of the frames by chance, delays another for up to 16 us and copies a third: what a seed has
// to repeat in every driver.
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int coin(struct lh_hook_ctx* ctx) {
  const uint64_t draw = lh_random(ctx);
  ctx->drop_cause = draw >> 8 & 15;
  ctx->delay_ns = draw >> 16 & 16383;
  switch (draw & 3) {
    case 0:
      return LH_DROP;
    case 1:
      return LH_DELAY;
    case 2:
      return LH_DUPLICATE;
    default:
      return LH_PASS;
  }
}

LH_HOOK(egress) int coin_out(struct lh_hook_ctx* ctx) { return coin(ctx); }
