// SPDX-License-Identifier: GPL-2.0-only
//
// Lets every frame pass: what a hook costs that does nothing.
#include "emulator/hooks/hook.bpf.h"

LH_HOOK(ingress) int pass(struct lh_hook_ctx* ctx) {
  (void)ctx;
  return LH_PASS;
}
