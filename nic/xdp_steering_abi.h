// SPDX-License-Identifier: GPL-2.0-only
//
// What the steering program (C, in the kernel) and its loader (C++) share: the filter, written once before
// the program is loaded, and the numbers of its counters. Both include this file, so it keeps to the C that
// both understand. Ports and VLAN IDs are in host order, addresses in network order; sizes and offsets are
// pinned below. `bpftool map dump` shows both: steering.rodata and steer_counters.
#pragma once

#include <stdint.h>

#define STEERING_TERMS 16 /* the most that a filter may have */

enum steering_kind {
  STEERING_NONE = 0,
  STEERING_ARP,
  STEERING_VLAN,
  STEERING_IPV4,
  STEERING_IPV6,
  STEERING_TCP,
  STEERING_UDP,
};

// Which of a frame's two addresses or ports is looked at.
enum steering_ends {
  STEERING_SOURCE = 1 << 0,
  STEERING_DESTINATION = 1 << 1,
  STEERING_EITHER = STEERING_SOURCE | STEERING_DESTINATION,
};

struct steering_term {
  uint8_t kind;         // enum steering_kind
  uint8_t ends;         // enum steering_ends; of addresses and ports
  uint16_t first;       // port, or the VLAN ID
  uint16_t last;        // port, inclusive
  uint16_t reserved;    // zero
  uint32_t address[4];  // IPv4 in the first, the others zero; of ARP the address that is asked for
  uint32_t mask[4];     // the bits of it that count
};

struct steering_filter {
  uint32_t used;  // terms, from the first on
  struct steering_term terms[STEERING_TERMS];
};

// Of the counters, each of frames: 0 to STEERING_TERMS - 1 were taken by that term, these went to the kernel.
enum steering_counter {
  STEERING_NO_MATCH = STEERING_TERMS,
  STEERING_MALFORMED,  // no term matched what could be read of it
  STEERING_FRAGMENT,   // of an IP datagram; no term matched, and none of ports may
  STEERING_NO_SOCKET,  // a term matched, but nobody receives from its queue
  STEERING_COUNTERS,
};

#ifdef __cplusplus
#include <cstddef>
static_assert(sizeof(steering_term) == 40);
static_assert(offsetof(steering_term, address) == 8);
static_assert(sizeof(steering_filter) == 644);
static_assert(STEERING_COUNTERS == 20);
#else
_Static_assert(sizeof(struct steering_term) == 40, "as the loader has it");
_Static_assert(__builtin_offsetof(struct steering_term, address) == 8, "as the loader has it");
_Static_assert(sizeof(struct steering_filter) == 644, "as the loader has it");
_Static_assert(STEERING_COUNTERS == 20, "as the loader has it");
#endif
