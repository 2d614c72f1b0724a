// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int helper_number(struct lh_hook_ctx* ctx) {
  return lh_random((struct lh_hook_ctx*)ctx->now_ns) != 0 ? LH_DROP : LH_PASS;
}
