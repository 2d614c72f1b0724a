// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook.bpf.h"

__attribute__((naked)) LH_HOOK(ingress) int unset_answer(struct lh_hook_ctx* ctx) {
  __asm__ volatile("exit");
}
