// SPDX-License-Identifier: GPL-2.0-only
//
// What the source of a hook includes. A hook is one function marked LH_HOOK(ingress) or LH_HOOK(egress); a
// file may have one of each, and they share their maps and variables. Compile it with
//   clang -O2 -g -target bpf -mcpu=v2 -ffreestanding -c hook.bpf.c -o hook.bpf.o
// Its global variables and LH_ARRAY maps are shared with the process and with bpftool while it runs; a global
// variable can be a parameter, also one that is `const volatile`.
//
// Not available: loops that are not unrolled, functions that are not inlined, kernel helpers, other kinds of
// maps. What one lcore runs is not interrupted, so plain increments count exactly there.
#pragma once

#include "emulator/hooks/hook_abi.h"
#include "emulator/hooks/hook_helpers.h"

#define LH_HOOK(place) __attribute__((section("hook/" #place), used))
#define LH_INLINE static inline __attribute__((always_inline))

// 64 uniform bits of the link's own stream: the same frames draw the same numbers in every run of a seed.
static uint64_t (*lh_random)(struct lh_hook_ctx* ctx) = (void*)LH_HELPER_RANDOM;
// The time of the frame that the hook has before it, in ns; now_ns of its context.
static uint64_t (*lh_time)(struct lh_hook_ctx* ctx) = (void*)LH_HELPER_TIME;
// Adds one to counter `index` modulo LH_COUNTERS of this link direction and place; counters are in the
// results.
static void (*lh_count)(struct lh_hook_ctx* ctx, uint64_t index) = (void*)LH_HELPER_COUNT;

// An array map of `count` values; `value_type` is a multiple of 8 bytes, because arrays of the kernel are
// laid out so.
#define LH_ARRAY(name, value_type, count) \
  struct {                                \
    int (*type)[2 /* array */];           \
    uint32_t* key;                        \
    value_type* value;                    \
    int (*max_entries)[count];            \
  } name __attribute__((section(".maps"), used))

// `index` modulo `count`, a power of two, in a way that the verifier follows: it learns a range from a mask
// and from nothing else; asm keeps the compiler from removing one that it thinks needless.
#define LH_WITHIN(index, count)                                                   \
  ({                                                                              \
    _Static_assert(((count) & ((count)-1)) == 0, "count must be a power of two"); \
    uint64_t lh_index = (index);                                                  \
    __asm__ volatile("%0 &= %1" : "+r"(lh_index) : "i"((count)-1));               \
    lh_index;                                                                     \
  })

// A pointer to the entry of an array at `index` modulo `count`, a power of two. The compiler knows of an
// array only the few bytes that describe it, and leaves out stores beyond them as impossible; asm hides from
// it where the pointer is from.
#define LH_AT(name, index, count)                         \
  ({                                                      \
    __typeof__((name).value) lh_entries = (void*)&(name); \
    __asm__ volatile("" : "+r"(lh_entries));              \
    lh_entries + LH_WITHIN(index, count);                 \
  })
