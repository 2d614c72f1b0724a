// SPDX-License-Identifier: GPL-2.0-only
//
// Variables of every type that takes a number, and of some that do not.
#include <stdbool.h>

#include "emulator/hooks/hook.bpf.h"

enum mode { QUIET, LOUD = 70000 };
typedef uint16_t port_number;

uint8_t small_one = 1;
int8_t small_signed = -1;
port_number port = 4791;
int16_t medium_signed;
uint32_t wide;
int32_t wide_signed;
uint64_t large;
int64_t large_signed;
bool flag;
enum mode mode;
const volatile uint32_t limit = 5;
static volatile uint32_t hidden = 6;
const uint32_t fixed = 7;
uint64_t table[4];
double* pointer;
uint64_t total;

LH_HOOK(egress) int parameters(struct lh_hook_ctx* ctx) {
  total = small_one + (uint64_t)small_signed + port + (uint64_t)medium_signed + wide + (uint64_t)wide_signed + large +
          (uint64_t)large_signed + flag + mode + table[0] + (uint64_t)pointer + fixed;
  return ctx->frame_bytes > limit + hidden ? LH_DROP : LH_PASS;
}
