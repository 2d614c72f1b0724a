// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int number_as_pointer(struct lh_hook_ctx* ctx) {
  return *(const uint8_t*)ctx->now_ns == 1 ? LH_DROP : LH_PASS;
}
