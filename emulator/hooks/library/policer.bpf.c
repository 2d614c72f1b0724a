// SPDX-License-Identifier: GPL-2.0-only
//
// Holds each flow to a rate by a token bucket of its own: what exceeds it is dropped, or marked where it can
// be. IP frames only. Flows are told by their hash; two that meet at one place of the table share a bucket.
// `bpftool map dump name policed` shows each direction. The bucket is kept as the time at which it would be
// full (the virtual scheduling form of the generic cell rate algorithm, ITU-T I.371): one word, no refill.
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint64_t bits_per_second = 10000000;  // of L2 bytes without FCS; 0: nothing passes but bursts
const volatile uint64_t burst_bytes = 65536;  // depth of the bucket, up to 1 GiB; at least a full frame
const volatile uint8_t mark = 0;              // 1: mark what is ECN-capable, drop the rest

enum counter { CONFORMING, EXCEEDING };

struct policed {
  uint64_t conforming, conforming_bytes;
  uint64_t exceeding, exceeding_bytes;  // dropped or marked
  uint64_t marked;
};
LH_ARRAY(policed, struct policed, LH_DIRECTIONS);

#define BUCKETS 16384
LH_ARRAY(buckets, uint64_t, BUCKETS);  // in ps: when the bucket of these flows is full again

LH_HOOK(ingress) int policer(struct lh_hook_ctx* ctx) {
  if (ctx->ip_version == 0) return LH_PASS;
  const uint64_t bits = 8 * (uint64_t)ctx->frame_bytes, now = ctx->now_ns * 1000;
  struct policed* here = LH_AT(policed, lh_direction(ctx), LH_DIRECTIONS);
  uint64_t* bucket = LH_AT(buckets, lh_flow_hash(ctx), BUCKETS);

  const uint64_t rate = bits_per_second != 0 ? bits_per_second : 1;
  const uint64_t full = (*bucket > now ? *bucket : now) + bits * 1000000000000 / rate;
  if (full <= now + 8 * burst_bytes * 1000000000 / rate * 1000) {
    *bucket = full;
    ++here->conforming;
    here->conforming_bytes += ctx->frame_bytes;
    lh_count(ctx, CONFORMING);
    return LH_PASS;
  }
  ++here->exceeding;
  here->exceeding_bytes += ctx->frame_bytes;
  lh_count(ctx, EXCEEDING);
  if (!mark || ctx->ecn == 0) return LH_DROP;
  ++here->marked;
  return LH_MARK;
}
