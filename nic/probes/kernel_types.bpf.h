// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel's types that the host probes use, written out, so that building them needs neither the BTF nor
// the headers of the running kernel. There are two kinds: the programs' contexts are part of the kernel's
// stable interface (uapi/linux/bpf.h) and their layout is fixed; the others belong to the kernel's inside and
// are found by name when a program is loaded (preserve_access_index: CO-RE), so only the fields used are
// here. For BPF C only; a C++ compiler finds nothing in it.
#pragma once

#ifdef __bpf__

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };
enum { TCX_NEXT = -1 };
enum { AF_INET = 2, AF_INET6 = 10 };
enum { TCP_STATE_CLOSE = 7 };

enum {
  BPF_SOCK_OPS_TCP_CONNECT_CB = 3,
  BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB = 4,
  BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB = 5,
  BPF_SOCK_OPS_RTO_CB = 8,
  BPF_SOCK_OPS_RETRANS_CB = 9,
  BPF_SOCK_OPS_STATE_CB = 10,
  BPF_SOCK_OPS_RTT_CB = 12,
};
enum {
  BPF_SOCK_OPS_RTO_CB_FLAG = 1 << 0,
  BPF_SOCK_OPS_RETRANS_CB_FLAG = 1 << 1,
  BPF_SOCK_OPS_STATE_CB_FLAG = 1 << 2,
  BPF_SOCK_OPS_RTT_CB_FLAG = 1 << 3,
};

struct bpf_spin_lock {
  __u32 val;
};

struct __sk_buff {
  __u32 len;
  __u32 pkt_type;
  __u32 mark;
  __u32 queue_mapping;
  __u32 protocol;
  __u32 vlan_present;
  __u32 vlan_tci;
  __u32 vlan_proto;
  __u32 priority;
  __u32 ingress_ifindex;
  __u32 ifindex;
  __u32 tc_index;
  __u32 cb[5];
  __u32 hash;
  __u32 tc_classid;
  __u32 data;
  __u32 data_end;
  __u32 napi_id;
  __u32 family;
  __u32 remote_ip4;
  __u32 local_ip4;
  __u32 remote_ip6[4];
  __u32 local_ip6[4];
  __u32 remote_port;
  __u32 local_port;
  __u32 data_meta;
  __u64 flow_keys;
  __u64 tstamp;
  __u32 wire_len;
  __u32 gso_segs;
  __u64 sk;
  __u32 gso_size;
};

struct bpf_sock_ops {
  __u32 op;
  __u32 args[4];
  __u32 family;
  __u32 remote_ip4;     // network order
  __u32 local_ip4;      // network order
  __u32 remote_ip6[4];  // network order
  __u32 local_ip6[4];   // network order
  __u32 remote_port;    // network order, in the upper half
  __u32 local_port;     // host order
  __u32 is_fullsock;
  __u32 snd_cwnd;
  __u32 srtt_us;  // times 8
  __u32 bpf_sock_ops_cb_flags;
  __u32 state;
  __u32 rtt_min;
  __u32 snd_ssthresh;
  __u32 rcv_nxt;
  __u32 snd_nxt;
  __u32 snd_una;
  __u32 mss_cache;
  __u32 ecn_flags;
  __u32 rate_delivered;
  __u32 rate_interval_us;
  __u32 packets_out;
  __u32 retrans_out;
  __u32 total_retrans;
  __u32 segs_in;
  __u32 data_segs_in;
  __u32 segs_out;
  __u32 data_segs_out;
  __u32 lost_out;
  __u32 sacked_out;
  __u32 sk_txhash;
  __u64 bytes_received;
  __u64 bytes_acked;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net {
  __u64 net_cookie;
};
typedef struct {
  struct net* net;
} possible_net_t;
struct sock_common {
  possible_net_t skc_net;
};
struct sock {
  struct sock_common __sk_common;
};
struct sk_buff {
  char cb[48];
};
struct tcp_skb_cb {
  __u16 tcp_gso_segs;
};

#pragma clang attribute pop

#endif
