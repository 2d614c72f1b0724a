// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int variable_head(struct lh_hook_ctx* ctx) {
  if (ctx->ip_offset > 100) return LH_PASS;  // a comparison does not convince the verifier
  return ctx->head[ctx->ip_offset] == 0x45 ? LH_DROP : LH_PASS;
}
