// SPDX-License-Identifier: GPL-2.0-only
//
// Notes what it was shown and answers what it is told: for tests of the context, of variables in all sections
// and of verdicts. At egress it answers differently, from the same variables.
#include "emulator/hooks/hook.bpf.h"

const volatile uint64_t version = 7;  // .rodata
uint64_t answer = LH_PASS;            // .bss
uint64_t sum = 100;                   // .data
struct lh_hook_ctx shown;             // .bss
uint64_t version_seen;                // .bss
LH_ARRAY(sizes, uint64_t, 4);         // by head_bytes modulo 4, and a constant index
uint64_t divisor = 1;
uint64_t egress_frames;

LH_HOOK(ingress) uint64_t echo(struct lh_hook_ctx* ctx) {
  shown.now_ns = ctx->now_ns;
  shown.number = ctx->number;
  shown.queue_bytes = ctx->queue_bytes;
  shown.frame_bytes = ctx->frame_bytes;
  shown.flow = ctx->flow;
  shown.link = ctx->link;
  shown.direction = ctx->direction;
  shown.place = ctx->place;
  shown.traffic_class = ctx->traffic_class;
  shown.ether_type = ctx->ether_type;
  shown.payload_offset = ctx->payload_offset;
  shown.ip_version = ctx->ip_version;
  shown.dscp = ctx->dscp;
  shown.head_bytes = ctx->head_bytes;
  shown.head[0] = ctx->head[0];
  shown.head[127] = ctx->head[127];
  version_seen = version;
  sum += ctx->frame_bytes;
  ++*LH_AT(sizes, ctx->head_bytes, 4);
  ((uint64_t*)(void*)&sizes)[2] += 1000;
  ctx->delay_ns = sum;
  ctx->head[5] = 0xEE;  // a copy: allowed, and of no effect
  *(uint64_t*)&version = 8;
  return answer / divisor;
}

LH_HOOK(egress) uint64_t echo_out(struct lh_hook_ctx* ctx) {
  ++egress_frames;
  ctx->drop_cause = (uint32_t)ctx->number;
  return ctx->place == LH_EGRESS ? answer | LH_CAPTURE : LH_PASS;
}
