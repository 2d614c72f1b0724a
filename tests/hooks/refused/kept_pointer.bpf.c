// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

uint64_t value;
uint64_t* where = &value;

LH_HOOK(ingress) int kept_pointer(struct lh_hook_ctx* ctx) {
  *where = ctx->now_ns;
  return LH_PASS;
}
