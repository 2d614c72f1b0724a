// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

struct {
  int (*type)[6 /* per-CPU array */];
  uint32_t* key;
  uint64_t* value;
  int (*max_entries)[16];
} counts __attribute__((section(".maps"), used));

LH_HOOK(ingress) int per_cpu_map(struct lh_hook_ctx* ctx) {
  return *(uint64_t*)(void*)&counts == ctx->now_ns ? LH_DROP : LH_PASS;
}
