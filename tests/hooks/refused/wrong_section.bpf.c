// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(egres) int wrong_section(struct lh_hook_ctx* ctx) {
  return ctx->link == 1 ? LH_DROP : LH_PASS;
}
