// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

struct {
  int (*type)[27 /* ring buffer */];
  int (*max_entries)[4096];
} events __attribute__((section(".maps"), used));

LH_HOOK(ingress) int ring_buffer(struct lh_hook_ctx* ctx) {
  return *(uint64_t*)(void*)&events == ctx->now_ns ? LH_DROP : LH_PASS;
}
