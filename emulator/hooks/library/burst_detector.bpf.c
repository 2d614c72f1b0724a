// SPDX-License-Identifier: GPL-2.0-only
//
// Finds microbursts: frames that follow each other with less than `gap_ns` between them, before the link and
// after its line. Histograms by powers of two of their bytes, of how long they took and of the gaps between
// them. Everything passes. `bpftool map lookup name bursts key 0 0 0 0` shows the first link forward, before
// it; keys are 4 x link + 2 x direction + place, as 32 bits in the machine's byte order.
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint64_t gap_ns = 100000;  // from frame to frame; as long as this it ends a burst
const volatile uint64_t capture_above =
    0;  // bytes: the rest of a larger burst goes into the capture; 0: none

#define BINS 32  // bin i has 2^i to 2^(i+1) - 1, the first 0 too, the last what is above
enum counter { BURSTS, CAPTURED };

struct burst {
  uint64_t begin_ns, last_ns, frames, bytes;  // the one that goes on
};
struct bursts {
  struct burst now;
  uint64_t ended;  // bursts that the following are about
  uint64_t most_bytes, most_ns;
  uint64_t by_bytes[BINS], by_ns[BINS];
  uint64_t by_gap[BINS];  // ns from the end of one to the next
};
LH_ARRAY(bursts, struct bursts, 2 * LH_DIRECTIONS);

// The bin of a number: its logarithm to base 2, without a branch.
LH_INLINE uint64_t bin_of(uint64_t value) {
  uint64_t x = value >> BINS ? 0xFFFFFFFF : value | 1;
  x |= x >> 1;
  x |= x >> 2;
  x |= x >> 4;
  x |= x >> 8;
  x |= x >> 16;  // ones up to the highest one; count them
  x -= x >> 1 & 0x55555555;
  x = (x & 0x33333333) + (x >> 2 & 0x33333333);
  x = (x + (x >> 4)) & 0x0F0F0F0F;
  return (x * 0x01010101 >> 24 & 0xFF) - 1;
}

LH_INLINE void end(struct bursts* here, uint64_t gap) {
  const uint64_t bytes = here->now.bytes, took = here->now.last_ns - here->now.begin_ns;
  ++here->ended;
  if (bytes > here->most_bytes) here->most_bytes = bytes;
  if (took > here->most_ns) here->most_ns = took;
  ++here->by_bytes[LH_WITHIN(bin_of(bytes), BINS)];
  ++here->by_ns[LH_WITHIN(bin_of(took), BINS)];
  ++here->by_gap[LH_WITHIN(bin_of(gap), BINS)];
}

LH_INLINE int detect(struct lh_hook_ctx* ctx, uint32_t place) {
  struct bursts* here = LH_AT(bursts, 2 * lh_direction(ctx) + place, 2 * LH_DIRECTIONS);
  const uint64_t now = ctx->now_ns;
  const uint64_t gap = now - here->now.last_ns;
  if (here->now.frames == 0 || gap >= gap_ns) {
    if (here->now.frames != 0) {
      end(here, gap);
      lh_count(ctx, BURSTS);
    }
    here->now.begin_ns = now;
    here->now.frames = 0;
    here->now.bytes = 0;
  }
  here->now.last_ns = now;
  ++here->now.frames;
  here->now.bytes += ctx->frame_bytes;
  if (capture_above == 0 || here->now.bytes <= capture_above) return LH_PASS;
  lh_count(ctx, CAPTURED);
  return LH_CAPTURE;
}

LH_HOOK(ingress) int burst_detector(struct lh_hook_ctx* ctx) {
  return detect(ctx, LH_INGRESS);
}

LH_HOOK(egress) int burst_detector_out(struct lh_hook_ctx* ctx) {
  return detect(ctx, LH_EGRESS);
}
