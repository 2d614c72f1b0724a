// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int first(struct lh_hook_ctx* ctx) {
  return ctx->link == 1 ? LH_DROP : LH_PASS;
}

LH_HOOK(ingress) int second(struct lh_hook_ctx* ctx) {
  return ctx->link == 2 ? LH_DROP : LH_PASS;
}
