// SPDX-License-Identifier: GPL-2.0-only
//
// Calls every helper, also with a copy of the context, which a verifier cannot tell from it.
#include "emulator/hooks/hook.bpf.h"

uint64_t drawn[2];
uint64_t time_seen;
struct lh_hook_ctx elsewhere;

LH_HOOK(ingress) int helpers(struct lh_hook_ctx* ctx) {
  drawn[0] = lh_random(ctx);
  drawn[1] = lh_random(&elsewhere);
  time_seen = lh_time(ctx);
  lh_count(ctx, 3);
  lh_count(&elsewhere, LH_COUNTERS + 4);
  lh_count(ctx, ctx->queue_bytes);
  return drawn[0] == drawn[1] ? LH_DROP : LH_PASS;
}
