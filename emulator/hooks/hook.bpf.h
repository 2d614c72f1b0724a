// SPDX-License-Identifier: GPL-2.0-only
//
// What the source of a hook includes. A hook is one function marked LH_HOOK; compile it with
//   clang -O2 -g -target bpf -mcpu=v2 -ffreestanding -c hook.bpf.c -o hook.bpf.o
// Its global variables and LH_ARRAY maps are shared with the process and with bpftool while it runs.
//
// Not available: loops that are not unrolled, functions that are not inlined, kernel helpers, other kinds of
// maps. A hook runs on one lcore only, so plain increments count exactly.
#pragma once

#include "emulator/hooks/hook_abi.h"

#define LH_HOOK __attribute__((section("hook/ingress"), used))
#define LH_INLINE static inline __attribute__((always_inline))

// An array map of `count` values; `value_type` is a multiple of 8 bytes, because arrays of the kernel are
// laid out so.
#define LH_ARRAY(name, value_type, count) \
  struct {                                \
    int (*type)[2 /* array */];           \
    uint32_t* key;                        \
    value_type* value;                    \
    int (*max_entries)[count];            \
  } name __attribute__((section(".maps"), used))

// A pointer to the entry of an array at `index` modulo `count`, a power of two. The verifier learns a range
// from a mask and from nothing else; asm keeps the compiler from removing one that it thinks needless.
#define LH_AT(name, index, count)                                                 \
  ({                                                                              \
    _Static_assert(((count) & ((count)-1)) == 0, "count must be a power of two"); \
    uint64_t lh_index = (index);                                                  \
    __asm__ volatile("%0 &= %1" : "+r"(lh_index) : "i"((count)-1));               \
    (__typeof__((name).value))(void*)&(name) + lh_index;                          \
  })
