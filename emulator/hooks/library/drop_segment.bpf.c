// SPDX-License-Identifier: GPL-2.0-only
//
// Loses one segment of a TCP flow, the n-th that carries payload, and so many retransmits of it. What comes
// again is told by its sequence number, also when it is cut differently. `bpftool map dump name
// lost_segments` shows each direction, tcp_flows the flows. RFC 9293.
#include "emulator/hooks/library/frame.bpf.h"

const volatile uint16_t port = 0;         // of the destination; 0: any
const volatile uint64_t nth = 100;        // from 1; what comes again is not counted
const volatile uint64_t retransmits = 0;  // so many times the segment is dropped again
const volatile uint64_t flows = 1;  // of each direction, the first that get so far lose one segment each

enum cause { FIRST, RETRANSMIT };
enum counter { SEGMENTS, CAME_AGAIN, NOT_FOLLOWED };

struct lost_segments {
  uint64_t segments;      // with payload, to the port
  uint64_t flows;         // that lost one
  uint64_t dropped;       // retransmits among them
  uint64_t came_again;    // retransmits of a lost segment, dropped or not
  uint64_t not_followed;  // segments of a flow whose place in the table another one has
};
LH_ARRAY(lost_segments, struct lost_segments, LH_DIRECTIONS);

#define FLOWS 4096
struct tcp_flow {
  uint32_t flow;       // the hash
  uint32_t direction;  // plus one; 0: nobody has this place
  uint32_t next;       // sequence number behind the last that came
  uint32_t lost;       // first sequence number of the lost segment, while `times` is not 0
  uint64_t segments;   // new ones
  uint64_t again;      // that began before `next`
  uint64_t times;      // that the lost one came
};
LH_ARRAY(tcp_flows, struct tcp_flow, FLOWS);

// Sequence numbers wrap around: a is before b when the way from a to b is the shorter one.
LH_INLINE int is_before(uint32_t a, uint32_t b) {
  return (int32_t)(a - b) < 0;
}

// 0 also for a datagram that claims more than the frame has.
LH_INLINE uint32_t payload_bytes(const struct lh_hook_ctx* ctx) {
  const uint32_t ip = ctx->ip_offset, headers = ctx->payload_offset - ip;
  const uint32_t datagram = ctx->ip_version == 4 ? lh_head16(ctx, ip + 2) : lh_head16(ctx, ip + 4) + 40;
  return datagram > headers && ip + datagram <= ctx->frame_bytes ? datagram - headers : 0;
}

// Whether this is the n-th new segment of a flow that is to lose it.
LH_INLINE int is_chosen(struct tcp_flow* flow, struct lost_segments* here, uint32_t begin, uint32_t end) {
  if (flow->segments != 0 && is_before(begin, flow->next)) {
    ++flow->again;
    if (is_before(flow->next, end)) flow->next = end;
    return 0;
  }
  flow->next = end;
  if (++flow->segments != nth || here->flows >= flows) return 0;
  ++here->flows;
  return 1;
}

LH_HOOK(ingress) int drop_segment(struct lh_hook_ctx* ctx) {
  enum { TCP = 6, SYN = 2 };
  if (ctx->ip_protocol != TCP || ctx->payload_offset == 0) return LH_PASS;
  const uint32_t tcp = ctx->l4_offset;
  if (port != 0 && lh_head16(ctx, tcp + 2) != port) return LH_PASS;
  const uint32_t direction = lh_direction(ctx);
  struct lost_segments* here = LH_AT(lost_segments, direction, LH_DIRECTIONS);
  struct tcp_flow* flow = LH_AT(tcp_flows, lh_flow_hash(ctx), FLOWS);

  const int is_new = (lh_head8(ctx, tcp + 13) & SYN) != 0;
  if (is_new || flow->direction == 0) {
    *flow = (struct tcp_flow){.flow = ctx->flow, .direction = direction + 1};
    if (is_new) return LH_PASS;
  }
  const uint32_t bytes = payload_bytes(ctx);
  if (bytes == 0) return LH_PASS;
  ++here->segments;
  lh_count(ctx, SEGMENTS);
  if (flow->flow != ctx->flow || flow->direction != direction + 1) {
    ++here->not_followed;
    lh_count(ctx, NOT_FOLLOWED);
    return LH_PASS;
  }

  const uint32_t begin = lh_head32(ctx, tcp + 4), end = begin + bytes;
  if (is_chosen(flow, here, begin, end)) {
    flow->lost = begin;
    flow->times = 1;
  } else {
    // Long ago: the number comes round again with another segment.
    if (flow->next - flow->lost > 1u << 30) flow->times = 0;
    if (flow->times == 0 || is_before(flow->lost, begin) || !is_before(flow->lost, end)) return LH_PASS;
    ++here->came_again;
    lh_count(ctx, CAME_AGAIN);
    if (flow->times++ > retransmits) return LH_PASS;
    ctx->drop_cause = RETRANSMIT;
  }
  ++here->dropped;
  return LH_DROP;
}
