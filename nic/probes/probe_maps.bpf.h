// SPDX-License-Identifier: GPL-2.0-only
//
// The maps and constants of the host probes; every instance of the programs but the first uses the maps of
// the first. Sizes that depend on the run are set before loading. For BPF C only; a C++ compiler finds
// nothing in it.
#pragma once

#ifdef __bpf__

#include "nic/probes/frame_parse.bpf.h"

const volatile struct probe_settings settings = {};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct probe_flow_key);
  __type(value, struct probe_flow);
} probe_flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct probe_totals);
} probe_totals SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __u64);
  __type(value, struct probe_namespace);
} probe_spaces SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __u64);
  __type(value, struct probe_connection);
} probe_conns SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct probe_losses);
} probe_losses SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} probe_records SEC(".maps");

PROBE_INLINE struct probe_losses* losses(void) {
  const __u32 only = 0;
  return bpf_map_lookup_elem(&probe_losses, &only);
}

PROBE_INLINE void count_loss(uint64_t* counter) {
  __sync_fetch_and_add(counter, 1);
}

#endif
