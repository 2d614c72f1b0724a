// SPDX-License-Identifier: GPL-2.0-only
//
// What the ready-made hooks share, and a user's may: numbers out of the head of a frame, RoCEv2's base
// transport header, arrays by link direction, chances. Everything is inlined.
//
// Offsets are those of the context: headers begin at even ones. What lies beyond the frame reads as zero;
// what lies beyond the head wraps around in it, so ask the context first whether the header is there.
// InfiniBand specification 9.2 (BTH), 9.7.5 (AETH) and annex A17 (RoCEv2, CNP).
#pragma once

#include "emulator/hooks/hook.bpf.h"

#define LH_DIRECTIONS 512  // of 256 links, the most that a topology may have

// Which direction of which link this is: an index below LH_DIRECTIONS.
LH_INLINE uint32_t lh_direction(const struct lh_hook_ctx* ctx) {
  return (2 * ctx->link + ctx->direction) & (LH_DIRECTIONS - 1);
}

// A number for the flow of this frame in this direction; its low bits are an index for a table.
LH_INLINE uint32_t lh_flow_hash(const struct lh_hook_ctx* ctx) {
  return ctx->flow + lh_direction(ctx) * 0x9E3779B1;
}

LH_INLINE uint32_t lh_head8(const struct lh_hook_ctx* ctx, uint64_t at) {
  return ctx->head[LH_WITHIN(at, LH_HEAD_BYTES)];
}

// Two bytes in network order, at an even offset. Halved, because the verifier takes a mask of 126 for 127.
LH_INLINE uint32_t lh_head16(const struct lh_hook_ctx* ctx, uint64_t at) {
  return __builtin_bswap16(((const uint16_t*)(const void*)ctx->head)[LH_WITHIN(at / 2, LH_HEAD_BYTES / 2)]);
}

LH_INLINE uint32_t lh_head32(const struct lh_hook_ctx* ctx, uint64_t at) {
  return lh_head16(ctx, at) << 16 | lh_head16(ctx, at + 2);
}

// Happens with a probability in millionths.
LH_INLINE int lh_chance(struct lh_hook_ctx* ctx, uint64_t millionths) {
  return ((lh_random(ctx) >> 32) * 1000000 >> 32) < millionths;
}

#define LH_PSN_MASK 0xFFFFFF  // packet sequence numbers and queue pairs have 24 bits

enum lh_roce_kind {
  LH_ROCE_REQUEST,   // SEND, WRITE, READ request, atomic: numbered by who sends it
  LH_ROCE_RESPONSE,  // of READ, and of an atomic: has the number of what it answers
  LH_ROCE_ACK,       // ACK, NAK, RNR NAK
  LH_ROCE_CNP,       // congestion notification
};

// The next ones are for frames whose context has a bth_offset.
LH_INLINE uint32_t lh_roce_opcode(const struct lh_hook_ctx* ctx) {
  return lh_head8(ctx, ctx->bth_offset);
}

LH_INLINE uint32_t lh_roce_qp(const struct lh_hook_ctx* ctx) {  // of the destination
  return lh_head32(ctx, ctx->bth_offset + 4) & LH_PSN_MASK;
}

LH_INLINE uint32_t lh_roce_psn(const struct lh_hook_ctx* ctx) {
  return lh_head32(ctx, ctx->bth_offset + 8) & LH_PSN_MASK;
}

// Of reliable connections, and of the other transports, whose operations have the same low five bits.
LH_INLINE enum lh_roce_kind lh_roce_kind(uint32_t opcode) {
  enum { CNP = 0x81, FIRST_RESPONSE = 0x0D, ACK = 0x11, ATOMIC_ACK = 0x12 };
  const uint32_t operation = opcode & 0x1F;
  if (opcode == CNP) return LH_ROCE_CNP;
  if (operation == ACK) return LH_ROCE_ACK;
  return operation >= FIRST_RESPONSE && operation <= ATOMIC_ACK ? LH_ROCE_RESPONSE : LH_ROCE_REQUEST;
}
