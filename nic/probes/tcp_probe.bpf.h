// SPDX-License-Identifier: GPL-2.0-only
//
// Programs for TCP: sock_ops on the workload's cgroup, which sees the connections of that workload, and the
// tracepoint of retransmissions, which sees those of every socket in a host. Both count only what is in a
// network namespace of the testbed. For BPF C only; a C++ compiler finds nothing in it.
#pragma once

#ifdef __bpf__

#include "nic/probes/probe_maps.bpf.h"
// CO-RE needs the types before it.
#include <bpf/bpf_core_read.h>

#define LAST_STATE(connection, ctx)                       \
  do {                                                    \
    (connection)->last_ns = bpf_ktime_get_ns();           \
    (connection)->cwnd_segments = (ctx)->snd_cwnd;        \
    (connection)->srtt_us = (ctx)->srtt_us >> 3;          \
    (connection)->rtt_min_us = (ctx)->rtt_min;            \
    (connection)->bytes_acked = (ctx)->bytes_acked;       \
    (connection)->bytes_received = (ctx)->bytes_received; \
  } while (0)

PROBE_INLINE void open_connection(struct bpf_sock_ops* ctx, __u64 cookie, __u8 active) {
  const __u64 space = bpf_get_netns_cookie(ctx);
  const struct probe_namespace* host = bpf_map_lookup_elem(&probe_spaces, &space);
  if (!host) return;
  struct probe_connection connection = {};
  connection.host = host->host;
  connection.active = active;
  connection.established = !active;
  connection.opened_ns = bpf_ktime_get_ns();
  connection.last_ns = connection.opened_ns;
  connection.local_port = (__u16)ctx->local_port;
  connection.remote_port = (__u16)bpf_ntohl(ctx->remote_port);
  // Volatile, because the verifier wants a constant offset in each load from the context, and the compiler
  // would merge those of the two families into one.
  const volatile struct bpf_sock_ops* all = ctx;
  __u32 words[8] = {all->local_ip6[0],  all->local_ip6[1],  all->local_ip6[2],  all->local_ip6[3],
                    all->remote_ip6[0], all->remote_ip6[1], all->remote_ip6[2], all->remote_ip6[3]};
  const __u32 local_ip4 = all->local_ip4, remote_ip4 = all->remote_ip4;
  connection.ip_version = 6;
  if (ctx->family == AF_INET) {
    connection.ip_version = 4;
    __builtin_memset(words, 0, sizeof words);
    words[0] = local_ip4;
    words[4] = remote_ip4;
  }
  __builtin_memcpy(connection.local, words, sizeof words);
  if (bpf_map_update_elem(&probe_conns, &cookie, &connection, BPF_ANY) != 0) {
    struct probe_losses* lost = losses();
    if (lost) count_loss(&lost->connections);
    return;
  }
  bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_RTO_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG |
                                     BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_RTT_CB_FLAG);
}

PROBE_INLINE void send_sample(struct bpf_sock_ops* ctx, const struct probe_connection* connection,
                              __u64 cookie, __u32 event, __u32 rtt_us, __u32 segments) {
  struct probe_sample* sample = bpf_ringbuf_reserve(&probe_records, sizeof *sample, 0);
  if (!sample) {
    struct probe_losses* lost = losses();
    if (lost) count_loss(&lost->samples);
    return;
  }
  sample->record.kind = PROBE_SAMPLE;
  sample->record.host = connection->host;
  sample->record.time_ns = connection->last_ns;
  sample->connection = cookie;
  sample->event = event;
  sample->srtt_us = ctx->srtt_us >> 3;
  sample->rtt_us = rtt_us;
  sample->cwnd_segments = ctx->snd_cwnd;
  sample->ssthresh_segments = ctx->snd_ssthresh;
  sample->in_flight_segments = ctx->packets_out;
  sample->event_segments = segments;
  sample->rate_segments = ctx->rate_delivered;
  sample->rate_interval_us = ctx->rate_interval_us;
  sample->mss_bytes = ctx->mss_cache;
  sample->bytes_acked = ctx->bytes_acked;
  bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP);
}

PROBE_INLINE void see_retransmission(struct bpf_sock_ops* ctx, struct probe_connection* connection,
                                     __u64 cookie) {
  __u32 segments = ctx->args[1];
  if (ctx->args[2] == 0) {
    connection->retransmissions += 1;
    connection->retransmitted_segments += segments;
  } else {
    connection->failed_segments += segments;
    segments = 0;
  }
  send_sample(ctx, connection, cookie, PROBE_RETRANSMISSION, 0, segments);
}

SEC("sockops")
int probe_tcp(struct bpf_sock_ops* ctx) {
  const __u64 cookie = bpf_get_socket_cookie(ctx);
  const __u32 op = ctx->op;
  if (op == BPF_SOCK_OPS_TCP_CONNECT_CB) open_connection(ctx, cookie, 1);
  if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) open_connection(ctx, cookie, 0);
  if (op < BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) return 1;
  struct probe_connection* connection = bpf_map_lookup_elem(&probe_conns, &cookie);
  if (!connection) return 1;
  const __u32 rtt_us = ctx->args[0], new_state = ctx->args[1];
  LAST_STATE(connection, ctx);
  switch (op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
      connection->established = 1;
      break;
    case BPF_SOCK_OPS_RTT_CB:
      connection->rtt_samples += 1;
      if (settings.rtt_every != 0 && connection->rtt_samples % settings.rtt_every == 0)
        send_sample(ctx, connection, cookie, PROBE_RTT, rtt_us, 0);
      break;
    case BPF_SOCK_OPS_RETRANS_CB:
      see_retransmission(ctx, connection, cookie);
      break;
    case BPF_SOCK_OPS_RTO_CB:
      connection->timeouts += 1;
      send_sample(ctx, connection, cookie, PROBE_TIMEOUT, 0, 0);
      break;
    case BPF_SOCK_OPS_STATE_CB:
      if (new_state != TCP_STATE_CLOSE) break;
      connection->closed = 1;
      send_sample(ctx, connection, cookie, PROBE_CLOSED, 0, 0);
      break;
    default:
      break;
  }
  return 1;
}

SEC("tp_btf/tcp_retransmit_skb")
int probe_retransmission(__u64* ctx) {
  const struct sock* sk = (const struct sock*)ctx[0];
  const struct sk_buff* skb = (const struct sk_buff*)ctx[1];
  const __u64 space = sk->__sk_common.skc_net.net->net_cookie;
  struct probe_namespace* host = bpf_map_lookup_elem(&probe_spaces, &space);
  if (!host) return 0;
  const struct tcp_skb_cb* control = (const struct tcp_skb_cb*)(const void*)skb->cb;
  const __u64 segments = BPF_CORE_READ(control, tcp_gso_segs);
  if (settings.retransmission_tells_error && (__s32)ctx[2] != 0) {
    __sync_fetch_and_add(&host->failed_segments, segments);
  } else {
    __sync_fetch_and_add(&host->retransmissions, 1);
    __sync_fetch_and_add(&host->retransmitted_segments, segments);
  }
  return 0;
}

#endif
