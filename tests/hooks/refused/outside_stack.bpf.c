// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int outside_stack(struct lh_hook_ctx* ctx) {
  uint64_t value = ctx->now_ns;
  __asm__ volatile("*(u64 *)(r10 - 520) = %0" : : "r"(value) : "memory");
  return LH_PASS;
}
