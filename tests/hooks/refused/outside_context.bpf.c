// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int outside_context(struct lh_hook_ctx* ctx) {
  return *((const uint8_t*)ctx + sizeof *ctx) == 0 ? LH_DROP : LH_PASS;
}
