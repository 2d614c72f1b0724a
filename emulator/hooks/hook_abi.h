// SPDX-License-Identifier: GPL-2.0-only
//
// What a hook sees and what it answers: the contract between the data plane (C++) and a user's eBPF program
// (C). Both include this file, so it keeps to the C that both understand. Sizes and offsets are part of the
// contract and are pinned below; a new field goes at the end.
//
// Units are in the names. The head of the frame is a copy: writing to it changes nothing outside of the
// program. A program's maps and helpers are described in emulator/hooks/hook.bpf.h, loading in
// emulator/hooks/hook_program.h.
#pragma once

#include <stdint.h>

#define LH_HEAD_BYTES 128

struct lh_hook_ctx {
  uint64_t at_ns;               // when the frame arrives at the link, since the data plane was made
  uint64_t queue_bytes;         // L2 bytes that wait for the line at that time, this frame not among them
  uint32_t frame_bytes;         // L2 size of the frame, without FCS
  uint32_t link;                // index of the link in its topology
  uint32_t direction;           // 0: forward, 1: reverse
  uint32_t head_bytes;          // how many of `head` are the frame's; the others are zero
  uint8_t head[LH_HEAD_BYTES];  // the frame from its Ethernet header on
};

// Any other answer counts as LH_PASS; a division by zero ends the program with LH_PASS.
enum lh_verdict {
  LH_PASS = 0,  // the frame enters the link
  LH_DROP = 1,  // the frame never enters the link
};

#ifdef __cplusplus
#include <cstddef>
static_assert(sizeof(lh_hook_ctx) == 160);
static_assert(offsetof(lh_hook_ctx, at_ns) == 0);
static_assert(offsetof(lh_hook_ctx, queue_bytes) == 8);
static_assert(offsetof(lh_hook_ctx, frame_bytes) == 16);
static_assert(offsetof(lh_hook_ctx, link) == 20);
static_assert(offsetof(lh_hook_ctx, direction) == 24);
static_assert(offsetof(lh_hook_ctx, head_bytes) == 28);
static_assert(offsetof(lh_hook_ctx, head) == 32);
#endif
