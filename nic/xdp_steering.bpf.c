// SPDX-License-Identifier: GPL-2.0-only
//
// The XDP program of a shared interface: hands what the filter names to the AF_XDP socket of the receive
// queue, and everything else to the kernel; every frame is counted once. Frames of several buffers are read
// wherever their headers lie (Linux 5.18). It reads: two 802.1Q or 802.1ad tags, ARP, IPv4 with options, IPv6
// with up to MOST_EXTENSIONS extension headers (RFC 8200; one more counts as malformed), TCP and UDP ports.
// What a term means is in nic/xdp_steering.h.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nic/xdp_steering_abi.h"

#define MOST_TAGS 2
#define MOST_EXTENSIONS 6

enum ether_type { IPV4 = 0x0800, ARP = 0x0806, TAG = 0x8100, IPV6 = 0x86DD, SERVICE_TAG = 0x88A8 };

enum protocol {
  HOP_BY_HOP = 0,
  TCP = 6,
  UDP = 17,
  ROUTING = 43,
  FRAGMENT = 44,
  AUTHENTICATION = 51,
  DESTINATION_OPTIONS = 60,
  MOBILITY = 135,
  HOST_IDENTITY = 139,
  SHIM6 = 140,
};

struct arp_message {
  uint16_t hardware, protocol;
  uint8_t hardware_length, protocol_length;
  uint16_t operation;
  uint8_t
      from_and_for[16];  // hardware and protocol address of the sender, hardware address that is asked for
  uint32_t target;
};

struct ipv4_header {
  uint8_t version_and_length, service;
  uint16_t total_length, identification, fragment;
  uint8_t hops, protocol;
  uint16_t checksum;
  uint32_t source, destination;
};

struct ipv6_header {
  uint8_t version, rest[3];
  uint16_t payload_length;
  uint8_t next, hops;
  uint32_t source[4], destination[4];
};

struct extension {
  uint8_t next, length;
  uint16_t fragment;  // of the fragment header
};

struct ports {
  uint16_t source, destination;
};

// What could be read of a frame.
struct facts {
  uint32_t tagged;       // with `vlan`
  uint32_t vlan;         // of the outer tag
  uint32_t ether_type;   // after the tags
  uint32_t network;      // the same once the addresses are there, else 0
  uint32_t transport;    // TCP or UDP once the ports are there, else 0
  uint32_t source_port;  // host order
  uint32_t destination_port;
  uint32_t source[4];  // network order; IPv4 and ARP in the first
  uint32_t destination[4];
};

const volatile struct steering_filter filter = {};

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, 1);  // receive queue 0
  __type(key, uint32_t);
  __type(value, uint32_t);
} steer_sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, STEERING_COUNTERS);
  __type(key, uint32_t);
  __type(value, uint64_t);
} steer_counters SEC(".maps");

static __always_inline void count(uint32_t counter) {
  uint64_t* value = bpf_map_lookup_elem(&steer_counters, &counter);
  if (value) ++*value;
}

static __always_inline bool read(struct xdp_md* frame, uint32_t offset, void* to, uint32_t size) {
  return bpf_xdp_load_bytes(frame, offset, to, size) == 0;
}

// Each of the following returns what to count should no term match.

static __always_inline uint32_t read_ports(struct xdp_md* frame, uint32_t offset, uint32_t end,
                                           uint32_t protocol, struct facts* facts) {
  if (protocol != TCP && protocol != UDP) return STEERING_NO_MATCH;
  struct ports ports;
  if (offset + (protocol == TCP ? 20 : 8) > end || !read(frame, offset, &ports, sizeof ports))
    return STEERING_MALFORMED;
  facts->transport = protocol;
  facts->source_port = bpf_ntohs(ports.source);
  facts->destination_port = bpf_ntohs(ports.destination);
  return STEERING_NO_MATCH;
}

static __always_inline uint32_t read_ipv4(struct xdp_md* frame, uint32_t offset, uint32_t frame_end,
                                          struct facts* facts) {
  struct ipv4_header ip;
  if (!read(frame, offset, &ip, sizeof ip)) return STEERING_MALFORMED;
  const uint32_t header = (ip.version_and_length & 0xF) * 4, total = bpf_ntohs(ip.total_length);
  if (ip.version_and_length >> 4 != 4 || header < sizeof ip || total < header || offset + total > frame_end)
    return STEERING_MALFORMED;
  facts->network = IPV4;
  facts->source[0] = ip.source;
  facts->destination[0] = ip.destination;
  if (ip.fragment & bpf_htons(0x3FFF)) return STEERING_FRAGMENT;  // more to come, or not the first
  return read_ports(frame, offset + header, offset + total, ip.protocol, facts);
}

static __always_inline bool is_extension(uint32_t protocol) {
  return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT ||
         protocol == AUTHENTICATION || protocol == DESTINATION_OPTIONS || protocol == MOBILITY ||
         protocol == HOST_IDENTITY || protocol == SHIM6;
}

static __always_inline uint32_t read_ipv6(struct xdp_md* frame, uint32_t offset, uint32_t frame_end,
                                          struct facts* facts) {
  struct ipv6_header ip;
  if (!read(frame, offset, &ip, sizeof ip) || ip.version >> 4 != 6) return STEERING_MALFORMED;
  offset += sizeof ip;
  const uint32_t end = offset + bpf_ntohs(ip.payload_length);
  if (end > frame_end) return STEERING_MALFORMED;
  facts->network = IPV6;
  __builtin_memcpy(facts->source, ip.source, sizeof ip.source);
  __builtin_memcpy(facts->destination, ip.destination, sizeof ip.destination);

  uint32_t protocol = ip.next;
  for (uint32_t i = 0; i < MOST_EXTENSIONS && is_extension(protocol); ++i) {
    struct extension extension;
    if (offset + 8 > end || !read(frame, offset, &extension, sizeof extension)) return STEERING_MALFORMED;
    // One that is a whole datagram (RFC 6946) is none.
    if (protocol == FRAGMENT && (extension.fragment & bpf_htons(0xFFF9))) return STEERING_FRAGMENT;
    if (protocol == FRAGMENT)
      offset += 8;
    else if (protocol == AUTHENTICATION)
      offset += (extension.length + 2) * 4;
    else
      offset += (extension.length + 1) * 8;
    protocol = extension.next;
  }
  if (is_extension(protocol) || offset > end) return STEERING_MALFORMED;
  return read_ports(frame, offset, end, protocol, facts);
}

static __always_inline uint32_t read_arp(struct xdp_md* frame, uint32_t offset, struct facts* facts) {
  struct arp_message arp;
  if (!read(frame, offset, &arp, sizeof arp) || arp.protocol != bpf_htons(IPV4) || arp.hardware_length != 6 ||
      arp.protocol_length != 4)
    return STEERING_MALFORMED;
  facts->network = ARP;
  facts->destination[0] = arp.target;
  return STEERING_NO_MATCH;
}

static __always_inline uint32_t read_frame(struct xdp_md* frame, struct facts* facts) {
  const uint32_t end = bpf_xdp_get_buff_len(frame);
  uint32_t offset = 12;
  uint16_t type;
  if (!read(frame, offset, &type, sizeof type)) return STEERING_MALFORMED;
  offset += sizeof type;
  for (uint32_t i = 0; i < MOST_TAGS && (type == bpf_htons(TAG) || type == bpf_htons(SERVICE_TAG)); ++i) {
    uint16_t tag[2];  // priority and VLAN ID, and the type of what follows
    if (!read(frame, offset, tag, sizeof tag)) return STEERING_MALFORMED;
    if (i == 0) {
      facts->tagged = true;
      facts->vlan = bpf_ntohs(tag[0]) & 0xFFF;
    }
    type = tag[1];
    offset += sizeof tag;
  }
  facts->ether_type = bpf_ntohs(type);
  if (facts->ether_type == IPV4) return read_ipv4(frame, offset, end, facts);
  if (facts->ether_type == IPV6) return read_ipv6(frame, offset, end, facts);
  if (facts->ether_type == ARP) return read_arp(frame, offset, facts);
  return STEERING_NO_MATCH;
}

static __always_inline bool within(const volatile struct steering_term* term, const uint32_t* address) {
  return (address[0] & term->mask[0]) == term->address[0] &&
         (address[1] & term->mask[1]) == term->address[1] &&
         (address[2] & term->mask[2]) == term->address[2] && (address[3] & term->mask[3]) == term->address[3];
}

static __always_inline bool takes_addresses(const volatile struct steering_term* term,
                                            const struct facts* facts) {
  return ((term->ends & STEERING_SOURCE) && within(term, facts->source)) ||
         ((term->ends & STEERING_DESTINATION) && within(term, facts->destination));
}

static __always_inline bool takes_ports(const volatile struct steering_term* term,
                                        const struct facts* facts) {
  return ((term->ends & STEERING_SOURCE) && facts->source_port >= term->first &&
          facts->source_port <= term->last) ||
         ((term->ends & STEERING_DESTINATION) && facts->destination_port >= term->first &&
          facts->destination_port <= term->last);
}

static __always_inline bool takes(const volatile struct steering_term* term, const struct facts* facts) {
  switch (term->kind) {
    case STEERING_ARP:
      return facts->ether_type == ARP &&
             (term->mask[0] == 0 || (facts->network == ARP && takes_addresses(term, facts)));
    case STEERING_VLAN:
      return facts->tagged && facts->vlan == term->first;
    case STEERING_IPV4:
      return facts->network == IPV4 && takes_addresses(term, facts);
    case STEERING_IPV6:
      return facts->network == IPV6 && takes_addresses(term, facts);
    case STEERING_TCP:
      return facts->transport == TCP && takes_ports(term, facts);
    case STEERING_UDP:
      return facts->transport == UDP && takes_ports(term, facts);
  }
  return false;
}

// The name is how a port knows a program of its own kind (nic/xdp_program.cc).
SEC("xdp.frags")
int longhaul_xdp(struct xdp_md* frame) {
  struct facts facts = {};
  const uint32_t otherwise = read_frame(frame, &facts);
  for (uint32_t i = 0; i < STEERING_TERMS && i < filter.used; ++i) {
    if (!takes(&filter.terms[i], &facts)) continue;
    const int verdict = bpf_redirect_map(&steer_sockets, frame->rx_queue_index, XDP_PASS);
    count(verdict == XDP_REDIRECT ? i : STEERING_NO_SOCKET);
    return verdict;
  }
  count(otherwise);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
