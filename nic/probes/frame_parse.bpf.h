// SPDX-License-Identifier: GPL-2.0-only
//
// Reads the headers of a frame at a TCX hook: whose flow it is, how long its headers are, and what of it no
// network on the way may change. Ethernet with up to two VLAN tags, IPv4, IPv6 with up to four extension
// headers, TCP, UDP and RoCEv2 (InfiniBand base transport header on UDP port 4791, InfiniBand
// Architecture 1.4 annex A17). Reads by bpf_skb_load_bytes(), which finds bytes outside of the linear part
// too. For BPF C only; a C++ compiler finds nothing in it.
#pragma once

#ifdef __bpf__

#include "nic/probes/kernel_types.bpf.h"
// Helpers come after the types that they use.
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nic/probes/probe_records.h"

#define PROBE_INLINE static inline __attribute__((always_inline))

enum parse_verdict { PARSE_FLOW, PARSE_OTHER, PARSE_MALFORMED };

enum { ETHERNET_BYTES = 14, VLAN_TAG_BYTES = 4, ROCE_PORT = 4791, BTH_BYTES = 12 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

struct parsed_frame {
  struct probe_flow_key key;
  __u32 header_bytes;    // ahead of the payload of TCP or UDP: what each segment of a GSO bundle repeats
  __u32 payload_bytes;   // of the frame, or of the first segment of a bundle
  __u32 identification;  // of IP, with the offset of a fragment
  __u64 mark[2];         // TCP: sequence and acknowledgement numbers; UDP: the head of the payload
};

struct ip_cursor {
  __u32 offset;  // of the header after IP
  __u32 length;  // from there to the end of the IP packet, as IP says
  __u8 protocol;
  __u8 fragment;  // 1: a fragment
  __u8 later;     // 1: not the first of its packet
};

struct ipv4_header {
  __u8 version_length;
  __u8 tos;
  __be16 total_length;
  __be16 identification;
  __be16 fragment;
  __u8 ttl;
  __u8 protocol;
  __u16 checksum;
  __u8 source[4];
  __u8 destination[4];
};

struct ipv6_header {
  __u8 version_class[4];
  __be16 payload_length;
  __u8 next;
  __u8 hop_limit;
  __u8 source[16];
  __u8 destination[16];
};

PROBE_INLINE int parse_ipv4(struct __sk_buff* skb, __u32 at, struct parsed_frame* frame,
                            struct ip_cursor* ip) {
  struct ipv4_header header;
  if (bpf_skb_load_bytes(skb, at, &header, sizeof header) != 0) return PARSE_MALFORMED;
  const __u32 length = (header.version_length & 15u) * 4u;
  const __u32 total = bpf_ntohs(header.total_length);
  if (header.version_length >> 4 != 4 || length < sizeof header) return PARSE_MALFORMED;
  // A bundle of more than 64 KiB says 0.
  if (skb->gso_size == 0 && (total < length || at + total > skb->len)) return PARSE_MALFORMED;
  const __u32 fragment = bpf_ntohs(header.fragment);
  __builtin_memcpy(frame->key.source, header.source, 4);
  __builtin_memcpy(frame->key.destination, header.destination, 4);
  frame->key.ip_version = 4;
  frame->identification = bpf_ntohs(header.identification) | (fragment & 0x1fffu) << 16;
  ip->fragment = (fragment & 0x3fffu) != 0;
  ip->later = (fragment & 0x1fffu) != 0;
  ip->protocol = header.protocol;
  ip->offset = at + length;
  ip->length = total - length;
  return PARSE_FLOW;
}

PROBE_INLINE int is_extension(__u8 next) {
  return next == 0 || next == 43 || next == 44 || next == 60;
}

// Hop-by-hop options, routing, fragment and destination options (RFC 8200).
PROBE_INLINE int skip_extension(struct __sk_buff* skb, struct parsed_frame* frame, struct ip_cursor* ip) {
  __u8 head[8];
  if (bpf_skb_load_bytes(skb, ip->offset, head, sizeof head) != 0) return PARSE_MALFORMED;
  __u32 length = sizeof head;
  if (ip->protocol == 44) {
    const __u32 offset = (__u32)(head[2] << 8 | head[3]);
    ip->fragment = 1;
    ip->later = (offset & 0xfff8u) != 0;
    frame->identification = (__u32)head[4] << 24 | head[5] << 16 | head[6] << 8 | head[7];
    frame->identification ^= (offset & 0xfff8u) << 13;
  } else {
    length += head[1] * 8u;
  }
  if (length > ip->length && skb->gso_size == 0) return PARSE_MALFORMED;
  ip->protocol = head[0];
  ip->offset += length;
  ip->length -= length;
  return PARSE_FLOW;
}

PROBE_INLINE int parse_ipv6(struct __sk_buff* skb, __u32 at, struct parsed_frame* frame,
                            struct ip_cursor* ip) {
  struct ipv6_header header;
  if (bpf_skb_load_bytes(skb, at, &header, sizeof header) != 0) return PARSE_MALFORMED;
  if (header.version_class[0] >> 4 != 6) return PARSE_MALFORMED;
  const __u32 length = bpf_ntohs(header.payload_length);
  if (skb->gso_size == 0 && at + sizeof header + length > skb->len) return PARSE_MALFORMED;
  __builtin_memcpy(frame->key.source, header.source, 16);
  __builtin_memcpy(frame->key.destination, header.destination, 16);
  frame->key.ip_version = 6;
  ip->protocol = header.next;
  ip->offset = at + sizeof header;
  ip->length = length;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (is_extension(ip->protocol) && !ip->later && skip_extension(skb, frame, ip) != PARSE_FLOW)
      return PARSE_MALFORMED;
  return PARSE_FLOW;
}

// How much of the payload is in the first segment, from what IP says: a padded frame counts without padding.
PROBE_INLINE __u32 first_payload(struct __sk_buff* skb, const struct ip_cursor* ip, __u32 header) {
  return skb->gso_size != 0 ? skb->gso_size : ip->length - header;
}

PROBE_INLINE int parse_tcp(struct __sk_buff* skb, struct parsed_frame* frame, const struct ip_cursor* ip) {
  struct {
    __be16 source, destination;
    __be32 sequence, acknowledgement;
    __u8 length, flags;
    __be16 window;
    __u16 checksum, urgent;
  } header;
  if (bpf_skb_load_bytes(skb, ip->offset, &header, sizeof header) != 0) return PARSE_MALFORMED;
  const __u32 length = (header.length >> 4) * 4u;
  if (length < sizeof header || (skb->gso_size == 0 && length > ip->length)) return PARSE_MALFORMED;
  frame->key.source_port = bpf_ntohs(header.source);
  frame->key.destination_port = bpf_ntohs(header.destination);
  frame->header_bytes = ip->offset + length;
  frame->payload_bytes = first_payload(skb, ip, length);
  frame->mark[0] = header.sequence;
  frame->mark[1] = header.acknowledgement;
  return PARSE_FLOW;
}

PROBE_INLINE int parse_udp(struct __sk_buff* skb, struct parsed_frame* frame, const struct ip_cursor* ip) {
  struct {
    __be16 source, destination, length, checksum;
  } header;
  if (bpf_skb_load_bytes(skb, ip->offset, &header, sizeof header) != 0) return PARSE_MALFORMED;
  if (skb->gso_size == 0 && (ip->length < sizeof header || bpf_ntohs(header.length) > ip->length))
    return PARSE_MALFORMED;
  const __u32 payload = ip->offset + sizeof header;
  frame->key.source_port = bpf_ntohs(header.source);
  frame->key.destination_port = bpf_ntohs(header.destination);
  frame->header_bytes = payload;
  frame->payload_bytes = first_payload(skb, ip, sizeof header);
  __u8 head[16] = {};
  if (frame->payload_bytes >= sizeof head) {
    if (bpf_skb_load_bytes(skb, payload, head, sizeof head) != 0) return PARSE_MALFORMED;
  } else if (frame->payload_bytes >= BTH_BYTES) {
    if (bpf_skb_load_bytes(skb, payload, head, BTH_BYTES) != 0) return PARSE_MALFORMED;
  } else if (frame->payload_bytes >= 4) {
    if (bpf_skb_load_bytes(skb, payload, head, 4) != 0) return PARSE_MALFORMED;
  }
  if (frame->key.destination_port == ROCE_PORT && frame->payload_bytes >= BTH_BYTES) {
    frame->key.queue_pair = (__u32)head[5] << 16 | head[6] << 8 | head[7];
    head[4] = 0;  // FECN and BECN, which a switch may set
  }
  __builtin_memcpy(frame->mark, head, sizeof frame->mark);
  return PARSE_FLOW;
}

// Fills `frame`, which is all zero, but for host and direction.
PROBE_INLINE int parse_frame(struct __sk_buff* skb, struct parsed_frame* frame) {
  __be16 type;
  __u32 at = ETHERNET_BYTES;
  if (bpf_skb_load_bytes(skb, ETHERNET_BYTES - sizeof type, &type, sizeof type) != 0) return PARSE_MALFORMED;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    if (type != bpf_htons(0x8100) && type != bpf_htons(0x88a8)) break;
    if (bpf_skb_load_bytes(skb, at + 2, &type, sizeof type) != 0) return PARSE_MALFORMED;
    at += VLAN_TAG_BYTES;
  }
  struct ip_cursor ip = {};
  int verdict = PARSE_OTHER;
  if (type == bpf_htons(0x0800)) verdict = parse_ipv4(skb, at, frame, &ip);
  if (type == bpf_htons(0x86dd)) verdict = parse_ipv6(skb, at, frame, &ip);
  if (verdict != PARSE_FLOW) return verdict;
  if (ip.protocol != PROTOCOL_TCP && ip.protocol != PROTOCOL_UDP) return PARSE_OTHER;
  frame->key.protocol = ip.protocol;
  if (ip.fragment) {
    frame->header_bytes = ip.offset;
    frame->payload_bytes = ip.length;
    return PARSE_FLOW;
  }
  return ip.protocol == PROTOCOL_TCP ? parse_tcp(skb, frame, &ip) : parse_udp(skb, frame, &ip);
}

#endif
