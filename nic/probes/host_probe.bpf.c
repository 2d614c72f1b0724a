// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel's side of host_probes.h: TCX programs at a host's interface, here, and those of tcp_probe.bpf.h.
// Nothing here changes or delays a frame, or decides anything about it: TCX_NEXT leaves that to others.
#include "nic/probes/frame_parse.bpf.h"
#include "nic/probes/probe_maps.bpf.h"
#include "nic/probes/tcp_probe.bpf.h"

char probe_license[] SEC("license") = "GPL";

struct wire_size {
  __u64 frames, bytes;
};

// A bundle of segments (GSO, GRO) counts as the frames that it becomes, or came as.
PROBE_INLINE struct wire_size size_on_wire(struct __sk_buff* skb, __u32 header_bytes) {
  __u64 segments = skb->gso_segs;
  if (skb->gso_size != 0 && segments == 0 && skb->len > header_bytes)
    segments = ((__u64)skb->len - header_bytes + skb->gso_size - 1) / skb->gso_size;
  if (segments == 0) segments = 1;
  struct wire_size size = {segments, skb->len + (segments - 1) * header_bytes};
  if (skb->vlan_present) size.bytes += segments * VLAN_TAG_BYTES;
  return size;
}

PROBE_INLINE struct probe_flow* flow_of(const struct probe_flow_key* key) {
  struct probe_flow* flow = bpf_map_lookup_elem(&probe_flows, key);
  if (flow) return flow;
  struct probe_flow none = {};
  // Another CPU may have made it just now, which is as good.
  bpf_map_update_elem(&probe_flows, key, &none, BPF_NOEXIST);
  return bpf_map_lookup_elem(&probe_flows, key);
}

PROBE_INLINE void count_frame(struct probe_flow* flow, struct wire_size size, __u64 now) {
  bpf_spin_lock(&flow->lock);
  if (flow->frames == 0) {
    flow->first_ns = now;
    flow->last_ns = now;
    flow->bursts = 1;
  }
  if (now > flow->last_ns) {
    const __u64 gap = now - flow->last_ns;
    if (gap >= settings.burst_gap_ns) flow->bursts += 1;
    if (gap > flow->largest_gap_ns) flow->largest_gap_ns = gap;
    flow->last_ns = now;
  }
  flow->frames += size.frames;
  flow->bytes += size.bytes;
  bpf_spin_unlock(&flow->lock);
}

// After MurmurHash3's finaliser (Appleby); any mixing of all bits would do.
PROBE_INLINE __u64 mix(__u64 hash, __u64 word) {
  hash ^= word;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ hash >> 33;
}

PROBE_INLINE __u64 hash_of(const struct parsed_frame* frame) {
  __u64 words[4];
  __builtin_memcpy(words, frame->key.source, sizeof words);
  __u64 hash = mix(0x9e3779b97f4a7c15ULL, words[0]);
  hash = mix(hash, words[1]);
  hash = mix(hash, words[2]);
  hash = mix(hash, words[3]);
  hash = mix(hash, (__u64)frame->key.source_port << 48 | (__u64)frame->key.destination_port << 32 |
                       (__u64)frame->key.protocol << 24 | frame->key.queue_pair);
  hash = mix(hash, (__u64)frame->identification << 32 | frame->payload_bytes);
  hash = mix(hash, frame->mark[0]);
  return mix(hash, frame->mark[1]);
}

// Both ends choose the same frames. By less than the whole hash, which costs most frames too much.
PROBE_INLINE int is_chosen(const struct parsed_frame* frame) {
  if (settings.stamp_every == 0) return 0;
  const __u64 ports = (__u64)frame->key.source_port << 16 | frame->key.destination_port;
  const __u64 marks = frame->mark[0] ^ (frame->mark[1] << 32 | frame->mark[1] >> 32);
  const __u64 hash = mix(marks ^ ports, (__u64)frame->identification << 32 | frame->payload_bytes);
  return (__u32)hash % settings.stamp_every == 0;
}

PROBE_INLINE void stamp(const struct parsed_frame* frame, __u64 now) {
  if (!is_chosen(frame)) return;
  const __u64 hash = hash_of(frame);
  struct probe_stamp* record = bpf_ringbuf_reserve(&probe_records, sizeof *record, 0);
  if (!record) {
    struct probe_losses* lost = losses();
    if (lost) count_loss(&lost->stamps);
    return;
  }
  record->record.kind = PROBE_STAMP;
  record->record.host = settings.host;
  record->record.time_ns = now;
  record->frame_hash = hash;
  record->flow = frame->key;
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

PROBE_INLINE int see_frame(struct __sk_buff* skb, __u8 direction) {
  const __u64 now = bpf_ktime_get_ns();
  const __u32 slot = settings.host * 2 + direction;
  struct probe_totals* totals = bpf_map_lookup_elem(&probe_totals, &slot);
  if (!totals) return TCX_NEXT;
  struct parsed_frame frame = {};
  frame.key.host = (__u16)settings.host;
  frame.key.direction = direction;
  const int verdict = parse_frame(skb, &frame);
  const struct wire_size size = size_on_wire(skb, frame.header_bytes);
  totals->frames += size.frames;
  totals->bytes += size.bytes;
  if (verdict == PARSE_FLOW) {
    struct probe_flow* flow = flow_of(&frame.key);
    if (flow) {
      count_frame(flow, size, now);
    } else {
      totals->no_room_frames += size.frames;
      totals->no_room_bytes += size.bytes;
    }
    stamp(&frame, now);
  } else if (verdict == PARSE_OTHER) {
    totals->other_frames += size.frames;
    totals->other_bytes += size.bytes;
  } else {
    totals->malformed_frames += size.frames;
    totals->malformed_bytes += size.bytes;
  }
  return TCX_NEXT;
}

SEC("tc")
int probe_egress(struct __sk_buff* skb) {
  return see_frame(skb, PROBE_EGRESS);
}

SEC("tc")
int probe_ingress(struct __sk_buff* skb) {
  return see_frame(skb, PROBE_INGRESS);
}
