// SPDX-License-Identifier: GPL-2.0-only
//
// Drops one packet of a RoCEv2 queue pair, by its packet sequence number, and so many of its retransmits: the
// same loss in every run, for a look at how a NIC recovers. `bpftool map dump name psn_victims` shows it.
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint32_t qp = 0;           // the destination's; 0: of each direction the first that comes
const volatile uint32_t nth = 1000;       // which number, from 1, counted from the first that comes; 0: psn
const volatile uint32_t psn = 0;          // the number itself, when nth is 0
const volatile uint64_t retransmits = 0;  // so many times it is dropped again
const volatile uint8_t responses = 0;     // 0: requests; 1: responses to READ, which are numbered apart

enum cause { FIRST, RETRANSMIT };
enum counter { PACKETS, CAME_AGAIN };

struct psn_victim {
  uint32_t qp;       // that is followed
  uint32_t psn;      // that is dropped
  uint64_t packets;  // of the queue pair, and of the chosen kind
  uint64_t came;     // how often that number came
  uint64_t dropped;
};
LH_ARRAY(psn_victims, struct psn_victim, LH_DIRECTIONS);

LH_HOOK(ingress) int drop_psn(struct lh_hook_ctx* ctx) {
  if (ctx->bth_offset == 0) return LH_PASS;
  const uint32_t to = lh_roce_qp(ctx), number = lh_roce_psn(ctx);
  if (qp != 0 && to != qp) return LH_PASS;
  if (lh_roce_kind(lh_roce_opcode(ctx)) != (responses ? LH_ROCE_RESPONSE : LH_ROCE_REQUEST)) return LH_PASS;

  struct psn_victim* victim = LH_AT(psn_victims, lh_direction(ctx), LH_DIRECTIONS);
  if (victim->packets == 0) {
    victim->qp = to;
    victim->psn = (nth != 0 ? number + nth - 1 : psn) & LH_PSN_MASK;
  }
  if (victim->qp != to) return LH_PASS;
  ++victim->packets;
  lh_count(ctx, PACKETS);
  if (number != victim->psn) return LH_PASS;

  const uint64_t before = victim->came++;
  if (before != 0) lh_count(ctx, CAME_AGAIN);
  if (before > retransmits) return LH_PASS;
  ++victim->dropped;
  ctx->drop_cause = before == 0 ? FIRST : RETRANSMIT;
  return LH_DROP;
}
