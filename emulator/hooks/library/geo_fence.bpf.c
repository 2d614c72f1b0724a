// SPDX-License-Identifier: GPL-2.0-only
//
// A region that frames never leave over this link: what is tagged for it, by VLAN, DSCP or source address, is
// dropped before the link. With `fail_closed` so is what cannot be told: frames that are cut off, malformed
// or hide the tag. At the far end of the line a second program looks at every frame again and counts what
// should not be there; a fence that holds has `leaked` 0. `bpftool map dump name geo_fences` is the proof.
//
// Rules that are off (0, DSCP 64) decide nothing; of those that are on one is enough.
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint16_t vlan = 0;          // of any of the tags, or of the host's access port
const volatile uint32_t dscp = 64;         // 0 to 63
const volatile uint32_t prefix = 0;        // IPv4 source address, as 0x0a470000
const volatile uint32_t prefix_bits = 0;   // how many of it count, 1 to 32
const volatile uint64_t prefix6 = 0;       // first half of an IPv6 source address
const volatile uint32_t prefix6_bits = 0;  // 1 to 64
const volatile uint8_t fail_closed = 1;    // 0: what cannot be told goes on

enum fate { FREE, TAGGED, UNTOLD };
enum cause { OF_THE_REGION, NOT_TOLD };
enum counter { CAME, LEAKED, CAME_UNTOLD };  // at egress

struct geo_fence {
  uint64_t seen, seen_bytes;        // before the link
  uint64_t blocked, blocked_bytes;  // tagged for the region
  uint64_t untold, untold_bytes;    // dropped too when fail_closed
  uint64_t passed, passed_bytes;
  uint64_t came, came_bytes;      // at the far end
  uint64_t leaked, leaked_bytes;  // of those tagged for the region
};
LH_ARRAY(geo_fences, struct geo_fence, LH_DIRECTIONS);

// 802.1Q, 802.1ad, and what was used before that. One comparison, because the verifier follows both ways of
// each through the rest of the program.
LH_INLINE int is_tag(uint64_t type) {
  return (type ^ 0x8100) * (type ^ 0x88A8) * (type ^ 0x9100) == 0;
}

LH_INLINE int is_in(uint64_t address, uint64_t network, uint32_t bits, uint32_t width) {
  return bits != 0 && (address ^ network) >> ((width - bits) & 63) == 0;
}

// By what comes after the tags, which begins at `at`.
LH_INLINE enum fate fate_by_ip(const struct lh_hook_ctx* ctx, uint32_t type, uint32_t at) {
  enum { IPV4 = 0x0800, IPV6 = 0x86DD, ARP = 0x0806, ARP_BYTES = 28, ETHERNET_IPV4 = 0x0604 };
  if (dscp > 63 && prefix_bits == 0 && prefix6_bits == 0) return FREE;
  if (type == ARP) {  // of no DSCP, but from an address
    if (at + ARP_BYTES > ctx->head_bytes || lh_head16(ctx, at + 2) != IPV4 ||
        lh_head16(ctx, at + 4) != ETHERNET_IPV4)
      return UNTOLD;
    return is_in(lh_head32(ctx, at + 14), prefix, prefix_bits, 32) ? TAGGED : FREE;
  }
  if (ctx->ip_offset != at) return UNTOLD;  // no IP, or none that can be read
  if (ctx->dscp == dscp) return TAGGED;
  if (ctx->ip_version == 4) return is_in(lh_head32(ctx, at + 12), prefix, prefix_bits, 32) ? TAGGED : FREE;
  const uint64_t source = (uint64_t)lh_head32(ctx, at + 8) << 32 | lh_head32(ctx, at + 12);
  return is_in(source, prefix6, prefix6_bits, 64) ? TAGGED : FREE;
}

LH_INLINE enum fate fate_of(const struct lh_hook_ctx* ctx) {
  enum { TYPE_AT = 12, TAG = 4, ID = 0xFFF };
  uint32_t at = TYPE_AT, type = lh_head16(ctx, TYPE_AT);
  uint64_t apart = ctx->vlan ^ vlan;  // a product: 0 when one of the tags is the region's
  if (is_tag(type)) {
    apart *= (lh_head16(ctx, TYPE_AT + 2) & ID) ^ vlan;
    at += TAG;
    type = lh_head16(ctx, TYPE_AT + TAG);
    if (is_tag(type)) {
      apart *= (lh_head16(ctx, TYPE_AT + TAG + 2) & ID) ^ vlan;
      at += TAG;
      type = lh_head16(ctx, TYPE_AT + 2 * TAG);
    }
  }
  if (vlan != 0 && apart == 0) return TAGGED;
  if (at + 2 > ctx->head_bytes || is_tag(type)) return UNTOLD;  // cut off, or more tags than two
  return fate_by_ip(ctx, type, at + 2);
}

LH_HOOK(ingress) int geo_fence(struct lh_hook_ctx* ctx) {
  struct geo_fence* fence = LH_AT(geo_fences, lh_direction(ctx), LH_DIRECTIONS);
  const uint32_t bytes = ctx->frame_bytes;
  const enum fate fate = fate_of(ctx);
  ++fence->seen;
  fence->seen_bytes += bytes;
  if (fate == TAGGED) {
    ++fence->blocked;
    fence->blocked_bytes += bytes;
    ctx->drop_cause = OF_THE_REGION;
    return LH_DROP;
  }
  if (fate == UNTOLD) {
    ++fence->untold;
    fence->untold_bytes += bytes;
    if (fail_closed) {
      ctx->drop_cause = NOT_TOLD;
      return LH_DROP;
    }
  }
  ++fence->passed;
  fence->passed_bytes += bytes;
  return LH_PASS;
}

LH_HOOK(egress) int geo_witness(struct lh_hook_ctx* ctx) {
  struct geo_fence* fence = LH_AT(geo_fences, lh_direction(ctx), LH_DIRECTIONS);
  const enum fate fate = fate_of(ctx);
  ++fence->came;
  fence->came_bytes += ctx->frame_bytes;
  lh_count(ctx, CAME);
  if (fate == UNTOLD) lh_count(ctx, CAME_UNTOLD);
  if (fate == TAGGED) {
    ++fence->leaked;
    fence->leaked_bytes += ctx->frame_bytes;
    lh_count(ctx, LEAKED);
  }
  return LH_PASS;
}
