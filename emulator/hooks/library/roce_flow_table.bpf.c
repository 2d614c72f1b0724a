// SPDX-License-Identifier: GPL-2.0-only
//
// A table of the RoCEv2 flows of a link: what came for each queue pair, and what its packet sequence numbers
// tell: gaps, packets that are missing in them, retransmits. Everything passes. `bpftool map dump name
// roce_flows` prints it while packets flow. A packet that was overtaken counts as a gap and then as a
// retransmit. InfiniBand specification 9.7 (numbers of requests and of responses).
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint64_t idle_ns = 1000000000;  // after that a flow gives its place to another one

#define FLOWS 4096
enum counter { PACKETS, GAPS, RETRANSMITS, NOT_FOLLOWED };

// Requests are numbered by who sends them; responses have the numbers of the requests that they answer.
struct psn_sequence {
  uint32_t next;
  uint32_t is_open;  // the number that follows is not known: none came yet, or after a READ request
  uint64_t packets;
  uint64_t gaps, missing;  // how often numbers were left out, and how many
  uint64_t retransmits;
};

struct roce_flow {
  uint32_t qp;         // of the destination
  uint32_t flow;       // hash of addresses and ports
  uint32_t direction;  // 2 x link + direction, plus one; 0: the place is free
  uint32_t last_opcode;
  uint64_t packets, bytes;
  uint64_t first_ns, last_ns;
  uint64_t acks, naks, rnr_naks, cnps;
  struct psn_sequence requests, responses;
};
LH_ARRAY(roce_flows, struct roce_flow, FLOWS);
LH_ARRAY(not_followed, uint64_t, LH_DIRECTIONS);  // packets of flows that found no place

// What an opcode of a reliable connection tells of the number that comes, and of the one after it.
enum operation { READ_REQUEST = 0x0C, FIRST_OF_RESPONSE = 0x0D, ONLY_RESPONSE = 0x10, ATOMIC_ACK = 0x12 };

LH_INLINE void note_number(struct lh_hook_ctx* ctx, struct psn_sequence* sequence, uint32_t psn,
                           uint32_t opcode) {
  const uint32_t operation = opcode & 0x1F;
  // Between two responses lie the numbers of requests that were answered by an ACK.
  const int begins = operation == FIRST_OF_RESPONSE || operation == ONLY_RESPONSE ||
                     operation == ATOMIC_ACK || sequence->packets == 0;
  const uint32_t ahead = (psn - sequence->next) & LH_PSN_MASK;
  if (++sequence->packets != 1 && ahead > LH_PSN_MASK / 2) {
    ++sequence->retransmits;
    lh_count(ctx, RETRANSMITS);
    return;
  }
  if (ahead != 0 && !begins && !sequence->is_open) {
    ++sequence->gaps;
    sequence->missing += ahead;
    lh_count(ctx, GAPS);
  }
  sequence->next = (psn + 1) & LH_PSN_MASK;
  sequence->is_open = operation == READ_REQUEST;  // its response takes as many numbers as it has packets
}

LH_INLINE void note_acknowledgement(const struct lh_hook_ctx* ctx, struct roce_flow* flow) {
  if (ctx->payload_offset >= ctx->head_bytes) return;
  const uint32_t kind = lh_head8(ctx, ctx->payload_offset) >> 5 & 3;  // of the syndrome in the AETH
  if (kind == 0) ++flow->acks;
  if (kind == 1) ++flow->rnr_naks;
  if (kind == 3) ++flow->naks;
}

LH_HOOK(ingress) int roce_flow_table(struct lh_hook_ctx* ctx) {
  if (ctx->bth_offset == 0) return LH_PASS;
  const uint32_t opcode = lh_roce_opcode(ctx), qp = lh_roce_qp(ctx), direction = lh_direction(ctx);
  struct roce_flow* flow = LH_AT(roce_flows, lh_flow_hash(ctx) + qp * 0x85EBCA6B, FLOWS);
  lh_count(ctx, PACKETS);
  if (flow->qp != qp || flow->flow != ctx->flow || flow->direction != direction + 1) {
    if (flow->direction != 0 && ctx->now_ns - flow->last_ns < idle_ns) {
      ++*LH_AT(not_followed, direction, LH_DIRECTIONS);
      lh_count(ctx, NOT_FOLLOWED);
      return LH_PASS;
    }
    *flow =
        (struct roce_flow){.qp = qp, .flow = ctx->flow, .direction = direction + 1, .first_ns = ctx->now_ns};
  }
  ++flow->packets;
  flow->bytes += ctx->frame_bytes;
  flow->last_ns = ctx->now_ns;
  flow->last_opcode = opcode;
  switch (lh_roce_kind(opcode)) {
    case LH_ROCE_CNP:
      ++flow->cnps;
      break;
    case LH_ROCE_ACK:
      note_acknowledgement(ctx, flow);
      break;
    case LH_ROCE_REQUEST:
      note_number(ctx, &flow->requests, lh_roce_psn(ctx), opcode);
      break;
    case LH_ROCE_RESPONSE:
      note_number(ctx, &flow->responses, lh_roce_psn(ctx), opcode);
      break;
  }
  return LH_PASS;
}
