// SPDX-License-Identifier: GPL-2.0-only
//
// Answers what its variables say and notes what the caller of a hook adds to a frame: for tests of the judge.
#include "emulator/hooks/hook.bpf.h"

uint64_t verdict;
uint64_t delay_ns;
uint32_t drop_cause;
uint32_t set_class;
uint32_t corrupt_bit;
uint32_t set_ecn;
struct lh_hook_ctx seen;
uint64_t drawn;

LH_HOOK(ingress) uint64_t answers(struct lh_hook_ctx* ctx) {
  seen.now_ns = ctx->now_ns;
  seen.number = ctx->number;
  seen.queue_bytes = ctx->queue_bytes;
  seen.frame_bytes = ctx->frame_bytes;
  seen.head_bytes = ctx->head_bytes;
  seen.flow = ctx->flow;
  seen.link = ctx->link;
  seen.direction = ctx->direction;
  seen.place = ctx->place;
  seen.traffic_class = ctx->traffic_class;
  seen.vlan = ctx->vlan;
  drawn = lh_random(ctx);
  lh_count(ctx, 7);
  ctx->delay_ns = delay_ns;
  ctx->drop_cause = drop_cause;
  ctx->set_class = set_class;
  ctx->corrupt_bit = corrupt_bit;
  ctx->set_ecn = set_ecn;
  return verdict;
}
