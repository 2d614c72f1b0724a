// SPDX-License-Identifier: GPL-2.0-only
//
// What a hook sees and what it answers: the contract between the data plane (C++) and a user's eBPF program
// (C). Both include this file, so it keeps to the C that both understand. Sizes and offsets are part of the
// contract and are pinned below.
//
// Units are in the names. Times count from the start of the data plane, or of virtual time. The head of the
// frame is a copy: writing to it changes nothing outside of the program. A program's maps and helpers are
// described in emulator/hooks/hook.bpf.h, loading in emulator/hooks/hook_program.h.
#pragma once

#include <stdint.h>

#define LH_HEAD_BYTES 128
#define LH_CAUSES 16   /* causes of a drop that a program can tell apart */
#define LH_COUNTERS 16 /* counters that a program can have without a map */

struct lh_hook_ctx {
  uint64_t now_ns;       // when the frame meets the hook: ingress: it comes to the link; egress: it leaves it
  uint64_t number;       // how many frames met a hook here before this one: 0, 1, 2...
  uint64_t queue_bytes;  // L2 bytes that wait for the line at that time, this frame not among them
  uint32_t frame_bytes;  // L2 size of the frame, without FCS
  uint32_t flow;  // a hash of addresses, protocol and ports; the same for all frames of one way of a flow
  uint32_t link;  // index of the link in its topology
  uint32_t direction;      // 0: forward, 1: reverse
  uint32_t place;          // enum lh_place
  uint32_t traffic_class;  // that the link's queues give it; see set_class

  // Where headers begin in the frame, in bytes; 0: it has none, or it is cut off, malformed or beyond `head`.
  uint16_t ether_type;      // after the tags, in host order
  uint16_t vlan;            // that it belongs to: by its outer 802.1Q tag, or its access port; 0: none
  uint16_t ip_offset;       // IPv4 or IPv6
  uint16_t l4_offset;       // TCP, UDP or another protocol; 0 in later fragments
  uint16_t bth_offset;      // RoCEv2 (UDP port 4791): InfiniBand base transport header
  uint16_t payload_offset;  // after TCP, UDP or BTH
  uint8_t ip_version;       // 4 or 6; 0: no IP
  uint8_t ip_protocol;      // after IPv6 extension headers
  uint8_t ecn;              // of the IP header
  uint8_t dscp;
  uint32_t head_bytes;  // how many of `head` are the frame's; the others are zero

  // What the answer may refer to; zero at the start.
  uint64_t delay_ns;     // with LH_DELAY
  uint32_t drop_cause;   // with LH_DROP: 0 to LH_CAUSES - 1, counted apart
  uint32_t set_class;    // with LH_CLASS, at ingress
  uint32_t corrupt_bit;  // with LH_CORRUPT: counted from the first bit of the frame, modulo its length
  uint32_t set_ecn;      // with LH_ECN: 0 to 3 (RFC 3168), in the IP header

  uint8_t head[LH_HEAD_BYTES];  // the frame from its Ethernet header on
};

enum lh_place {
  LH_INGRESS = 0,  // before the queue of the link
  LH_EGRESS = 1,   // after its line
};

// The answer: LH_PASS or LH_DROP, and with LH_PASS any of the flags. Unknown bits count for nothing; a
// division by zero ends the program with LH_PASS.
enum lh_verdict {
  LH_PASS = 0,
  LH_DROP = 1,
  LH_MARK = 1 << 1,       // congestion experienced, in frames that are ECN-capable
  LH_DELAY = 1 << 2,      // goes on delay_ns later
  LH_CLASS = 1 << 3,      // waits in the class set_class, if the link has it
  LH_DUPLICATE = 1 << 4,  // goes on twice
  LH_CORRUPT = 1 << 5,    // with one bit inverted
  LH_CAPTURE = 1 << 6,    // into the capture of the link, if there is one, whatever its filter says
  LH_ECN = 1 << 7,        // the ECN field becomes set_ecn, capable or not; then LH_MARK counts for nothing
};

#ifdef __cplusplus
#include <cstddef>
static_assert(sizeof(lh_hook_ctx) == 224);
static_assert(offsetof(lh_hook_ctx, frame_bytes) == 24);
static_assert(offsetof(lh_hook_ctx, ether_type) == 48);
static_assert(offsetof(lh_hook_ctx, ip_version) == 60);
static_assert(offsetof(lh_hook_ctx, head_bytes) == 64);
static_assert(offsetof(lh_hook_ctx, delay_ns) == 72);
static_assert(offsetof(lh_hook_ctx, head) == 96);
#endif
