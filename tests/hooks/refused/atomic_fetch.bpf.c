// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

uint64_t tickets;

// clang makes the same code for __sync_fetch_and_add whose result is used, from -mcpu=v3 on.
LH_HOOK(ingress) int atomic_fetch(struct lh_hook_ctx* ctx) {
  register uint64_t* where __asm__("r2") = &tickets;
  register uint64_t one __asm__("r3") = ctx->link;
  __asm__ volatile(".8byte 0x00000001000032db" : "+r"(one) : "r"(where) : "memory");
  return one == 7 ? LH_DROP : LH_PASS;
}
