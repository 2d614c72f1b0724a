// SPDX-License-Identifier: GPL-2.0-only
//
// What the BPF programs at the hosts (C, host_probe.bpf.c) and host_probes.cc (C++) share: the values of maps
// and the records of the ring buffer. Both include this file, so it keeps to the C that both understand;
// sizes and offsets are pinned below, on both sides. Units are in the names; times are CLOCK_MONOTONIC in
// nanoseconds, byte counts are those of frames on the wire without FCS, preamble and gap. Addresses are in
// network order, IPv4 in the first four bytes; ports and queue pairs are in host order.
#pragma once

#include <stdint.h>

#define PROBE_EGRESS 0  /* what a host sends */
#define PROBE_INGRESS 1 /* what it receives */

struct probe_flow_key {
  uint8_t source[16];
  uint8_t destination[16];
  uint16_t source_port;  // 0 in fragments, the first among them, so that a datagram's bytes stay together
  uint16_t destination_port;
  uint32_t queue_pair;  // the destination's, of RoCEv2; else 0
  uint16_t host;        // where it was seen: index in the list of hosts
  uint8_t direction;    // PROBE_EGRESS or PROBE_INGRESS
  uint8_t protocol;     // IPPROTO_TCP or IPPROTO_UDP
  uint8_t ip_version;   // 4 or 6
  uint8_t reserved[3];
};

struct probe_flow {
#ifdef __bpf__
  struct bpf_spin_lock lock;
#else
  uint32_t lock;
#endif
  uint32_t reserved;
  uint64_t frames;
  uint64_t bytes;
  uint64_t first_ns;
  uint64_t last_ns;
  uint64_t bursts;  // the first frame begins one, and each that comes after a gap of at least burst_gap_ns
  uint64_t largest_gap_ns;  // between two frames, or two GSO bundles of them
};

// All frames of one host and direction: those of flows, other_frames, malformed_frames and no_room_frames.
struct probe_totals {
  uint64_t frames;
  uint64_t bytes;
  uint64_t other_frames;  // neither TCP nor UDP
  uint64_t other_bytes;
  uint64_t malformed_frames;  // cut off or lying about their headers
  uint64_t malformed_bytes;
  uint64_t no_room_frames;  // of flows that the map of flows had no room for
  uint64_t no_room_bytes;
};

// A network namespace of the testbed, by its cookie.
struct probe_namespace {
  uint32_t host;
  uint32_t reserved;
  uint64_t retransmissions;  // calls of tcp_retransmit_skb() that sent something
  uint64_t retransmitted_segments;
  uint64_t failed_segments;  // that the host's own stack refused to send
};

// A TCP connection of the workload, by its socket cookie. Exact whatever the ring buffer lost.
struct probe_connection {
  uint8_t local[16];
  uint8_t remote[16];
  uint16_t local_port;
  uint16_t remote_port;
  uint8_t ip_version;
  uint8_t active;       // 1: this end connected, 0: it accepted
  uint8_t established;  // 1 since the handshake was over
  uint8_t closed;
  uint32_t host;
  uint32_t cwnd_segments;
  uint32_t srtt_us;
  uint32_t rtt_min_us;  // of the last minutes, as the kernel keeps it
  uint64_t opened_ns;
  uint64_t last_ns;  // the last event
  uint64_t rtt_samples;
  uint64_t retransmissions;
  uint64_t retransmitted_segments;
  uint64_t failed_segments;
  uint64_t timeouts;
  uint64_t bytes_acked;
  uint64_t bytes_received;
};

// What could not be told because there was no room.
struct probe_losses {
  uint64_t samples;      // records of the ring buffer
  uint64_t stamps;       // the same
  uint64_t connections;  // that the map of connections had no room for
  uint64_t reserved;
};

enum probe_record_kind { PROBE_SAMPLE = 1, PROBE_STAMP = 2 };

struct probe_record {
  uint32_t kind;
  uint32_t host;
  uint64_t time_ns;
};

enum probe_event { PROBE_RTT = 1, PROBE_RETRANSMISSION = 2, PROBE_TIMEOUT = 3, PROBE_CLOSED = 4 };

struct probe_sample {
  struct probe_record record;
  uint64_t connection;  // socket cookie
  uint32_t event;
  uint32_t srtt_us;
  uint32_t rtt_us;  // of PROBE_RTT: the one measurement; 0 before Linux 6.11, which does not tell it
  uint32_t cwnd_segments;
  uint32_t ssthresh_segments;
  uint32_t in_flight_segments;
  uint32_t event_segments;  // of PROBE_RETRANSMISSION: how many; 0 when they could not be sent
  uint32_t rate_segments;   // delivered in rate_interval_us, the kernel's latest delivery rate
  uint32_t rate_interval_us;
  uint32_t mss_bytes;
  uint64_t bytes_acked;
};

// A frame that was chosen for the one-way delay, seen at one end.
struct probe_stamp {
  struct probe_record record;
  uint64_t frame_hash;
  struct probe_flow_key flow;
};

// Constants of one instance of the programs.
struct probe_settings {
  uint64_t burst_gap_ns;
  uint32_t host;
  uint32_t stamp_every;                 // every n-th frame on average; 0: none
  uint32_t rtt_every;                   // every n-th RTT sample of a connection becomes a record; 0: none
  uint32_t retransmission_tells_error;  // the tracepoint has a third argument (Linux 6.17)
};

#ifdef __cplusplus
#define PROBE_PIN(what) static_assert(what, #what)
#else
#define PROBE_PIN(what) _Static_assert(what, #what)
#endif
#define PROBE_OFFSET(type, field, at) PROBE_PIN(__builtin_offsetof(struct type, field) == (at))
PROBE_PIN(sizeof(struct probe_flow_key) == 48);
PROBE_OFFSET(probe_flow_key, destination, 16);
PROBE_OFFSET(probe_flow_key, source_port, 32);
PROBE_OFFSET(probe_flow_key, queue_pair, 36);
PROBE_OFFSET(probe_flow_key, host, 40);
PROBE_OFFSET(probe_flow_key, ip_version, 44);
PROBE_PIN(sizeof(struct probe_flow) == 56);
PROBE_OFFSET(probe_flow, frames, 8);
PROBE_OFFSET(probe_flow, last_ns, 32);
PROBE_OFFSET(probe_flow, largest_gap_ns, 48);
PROBE_PIN(sizeof(struct probe_totals) == 64);
PROBE_OFFSET(probe_totals, no_room_bytes, 56);
PROBE_PIN(sizeof(struct probe_namespace) == 32);
PROBE_OFFSET(probe_namespace, retransmitted_segments, 16);
PROBE_PIN(sizeof(struct probe_connection) == 128);
PROBE_OFFSET(probe_connection, local_port, 32);
PROBE_OFFSET(probe_connection, host, 40);
PROBE_OFFSET(probe_connection, opened_ns, 56);
PROBE_OFFSET(probe_connection, bytes_received, 120);
PROBE_PIN(sizeof(struct probe_losses) == 32);
PROBE_PIN(sizeof(struct probe_record) == 16);
PROBE_PIN(sizeof(struct probe_sample) == 72);
PROBE_OFFSET(probe_sample, connection, 16);
PROBE_OFFSET(probe_sample, event, 24);
PROBE_OFFSET(probe_sample, mss_bytes, 60);
PROBE_OFFSET(probe_sample, bytes_acked, 64);
PROBE_PIN(sizeof(struct probe_stamp) == 72);
PROBE_OFFSET(probe_stamp, frame_hash, 16);
PROBE_OFFSET(probe_stamp, flow, 24);
PROBE_PIN(sizeof(struct probe_settings) == 24);
PROBE_OFFSET(probe_settings, host, 8);
PROBE_OFFSET(probe_settings, retransmission_tells_error, 20);
#undef PROBE_OFFSET
#undef PROBE_PIN
