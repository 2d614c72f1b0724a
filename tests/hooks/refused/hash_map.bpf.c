// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

struct {
  int (*type)[1 /* hash */];
  uint32_t* key;
  uint64_t* value;
  int (*max_entries)[16];
} flows __attribute__((section(".maps"), used));

LH_HOOK(ingress) int hash_map(struct lh_hook_ctx* ctx) {
  return *(uint64_t*)(void*)&flows == ctx->now_ns ? LH_DROP : LH_PASS;
}
