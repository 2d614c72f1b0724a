// SPDX-License-Identifier: GPL-2.0-only
//
// Loses acknowledgements and congestion notifications of RoCEv2 and nothing else, each kind with a
// probability of its own. `bpftool map dump name acks` shows what came and what was lost.
#include "emulator/hooks/library/frame.bpf.h"

// In millionths.
const volatile uint32_t ack_loss = 10000;
const volatile uint32_t nak_loss = 0;  // of sequence, access and operation errors
const volatile uint32_t rnr_loss = 0;  // receiver not ready
const volatile uint32_t cnp_loss = 0;

enum kind { ACK, NAK, RNR, CNP, KINDS };  // also the cause of the drop, and its counter of what came

struct acks {
  uint64_t came[KINDS], lost[KINDS];
};
LH_ARRAY(acks, struct acks, LH_DIRECTIONS);

// KINDS for everything else.
LH_INLINE uint32_t kind_of(const struct lh_hook_ctx* ctx) {
  const enum lh_roce_kind roce = lh_roce_kind(lh_roce_opcode(ctx));
  if (roce == LH_ROCE_CNP) return CNP;
  if (roce != LH_ROCE_ACK || ctx->payload_offset >= ctx->head_bytes) return KINDS;
  switch (lh_head8(ctx, ctx->payload_offset) >> 5 & 3) {  // of the syndrome in the AETH
    case 0:
      return ACK;
    case 1:
      return RNR;
    case 3:
      return NAK;
    default:
      return KINDS;
  }
}

LH_HOOK(ingress) int lose_acks(struct lh_hook_ctx* ctx) {
  if (ctx->bth_offset == 0) return LH_PASS;
  const uint32_t kind = kind_of(ctx);
  if (kind == KINDS) return LH_PASS;
  struct acks* acks_here = LH_AT(acks, lh_direction(ctx), LH_DIRECTIONS);
  ++acks_here->came[LH_WITHIN(kind, KINDS)];
  lh_count(ctx, kind);
  const uint32_t loss = kind == ACK ? ack_loss : kind == NAK ? nak_loss : kind == RNR ? rnr_loss : cnp_loss;
  if (!lh_chance(ctx, loss)) return LH_PASS;
  ++acks_here->lost[LH_WITHIN(kind, KINDS)];
  ctx->drop_cause = kind;
  return LH_DROP;
}
