// SPDX-License-Identifier: GPL-2.0-only
//
// Drops every period-th frame of each direction of each link: loss that is exact and the same in every run.
// `bpftool map dump name tallies` shows the counts while it runs.
#include "emulator/hooks/hook.bpf.h"

#define DIRECTIONS 512  // of 256 links, the most that a topology may have

struct tally {
  uint64_t since_drop;  // frames that passed since the last one that was dropped
  uint64_t dropped;
};

uint64_t period = 1000;                       // 0: drop nothing
LH_ARRAY(tallies, struct tally, DIRECTIONS);  // by 2 * link + direction

LH_HOOK(ingress) int drop_every_nth(struct lh_hook_ctx* ctx) {
  if (period == 0) return LH_PASS;
  struct tally* tally = LH_AT(tallies, 2 * (uint64_t)ctx->link + ctx->direction, DIRECTIONS);
  if (++tally->since_drop < period) return LH_PASS;
  tally->since_drop = 0;
  ++tally->dropped;
  return LH_DROP;
}
