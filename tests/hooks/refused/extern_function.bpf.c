// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

extern int fate(uint64_t now);

LH_HOOK(ingress) int extern_function(struct lh_hook_ctx* ctx) {
  return fate(ctx->now_ns);
}
