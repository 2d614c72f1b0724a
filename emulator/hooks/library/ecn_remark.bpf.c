// SPDX-License-Identifier: GPL-2.0-only
//
// Before the link: marks congestion experienced by the depth of the queue that a frame meets: nothing below
// `min_bytes`, with a probability that grows to `max_probability` just below `max_bytes`, and from there on
// every frame. Both alike are the step of DCTCP. Frames that are not ECN-capable pass, or are dropped in
// place of a mark. After the line: rewrites codepoints, as routers do that bleach ECN; by default none.
// `bpftool map dump name ecn_marks` shows what came and what was done.
// RFC 3168, RFC 8257 (DCTCP); the ramp is that of RED by the depth itself, as DCQCN uses it.
#include "emulator/hooks/library/frame.bpf.h"

enum codepoint { NOT_ECT, ECT_1, ECT_0, CE, CODEPOINTS };

const volatile uint64_t min_bytes = 100000;
const volatile uint64_t max_bytes = 400000;
const volatile uint32_t max_probability = 200000;  // in millionths
const volatile uint8_t drop_others = 0;            // 1: drop what would be marked and is not ECN-capable

// What each codepoint becomes after the line, 0 to 3.
const volatile uint8_t not_ect_to = NOT_ECT;
const volatile uint8_t ect_1_to = ECT_1;
const volatile uint8_t ect_0_to = ECT_0;
const volatile uint8_t ce_to = CE;

enum counter { MARKED, NOT_CAPABLE };  // at ingress
enum counter_out { REWRITTEN };        // at egress

struct ecn_marks {
  uint64_t came[CODEPOINTS];       // before the link
  uint64_t marked;                 // there; what was marked before is not among them
  uint64_t not_capable;            // would have been
  uint64_t rewritten[CODEPOINTS];  // after the line, by what they were
};
LH_ARRAY(ecn_marks, struct ecn_marks, LH_DIRECTIONS);

LH_INLINE int is_chosen(struct lh_hook_ctx* ctx, uint64_t queue) {
  if (queue < min_bytes) return 0;
  if (queue >= max_bytes) return 1;
  return lh_chance(ctx, max_probability * (queue - min_bytes) / (max_bytes - min_bytes));
}

LH_HOOK(ingress) int ecn_remark(struct lh_hook_ctx* ctx) {
  if (ctx->ip_version == 0) return LH_PASS;
  struct ecn_marks* here = LH_AT(ecn_marks, lh_direction(ctx), LH_DIRECTIONS);
  const uint32_t ecn = ctx->ecn;
  ++here->came[LH_WITHIN(ecn, CODEPOINTS)];
  if (!is_chosen(ctx, ctx->queue_bytes) || ecn == CE) return LH_PASS;
  if (ecn == NOT_ECT) {
    ++here->not_capable;
    lh_count(ctx, NOT_CAPABLE);
    return drop_others ? LH_DROP : LH_PASS;
  }
  ++here->marked;
  lh_count(ctx, MARKED);
  return LH_MARK;
}

LH_HOOK(egress) int ecn_rewrite(struct lh_hook_ctx* ctx) {
  if (ctx->ip_version == 0) return LH_PASS;
  const uint32_t ecn = ctx->ecn;
  const uint32_t to = ecn == NOT_ECT ? not_ect_to : ecn == ECT_1 ? ect_1_to : ecn == ECT_0 ? ect_0_to : ce_to;
  if (to == ecn || to >= CODEPOINTS) return LH_PASS;
  ++LH_AT(ecn_marks, lh_direction(ctx), LH_DIRECTIONS)->rewritten[LH_WITHIN(ecn, CODEPOINTS)];
  lh_count(ctx, REWRITTEN);
  ctx->set_ecn = to;
  return LH_ECN;
}
