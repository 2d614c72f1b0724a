// SPDX-License-Identifier: GPL-2.0-only
//
// What the probes at the hosts (nic/probes) saw of a run, from outside of the emulator, as plain data: the
// flows, the one-way delay of each, and what TCP did while a collective lasted. Filled by the runner. Byte
// counts of frames are L2 bytes without FCS. Times are nanoseconds, on the time axis of links.csv where they
// are instants; other units are in the names. A host is named as the topology names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace longhaul::results {

// The sending end of a TCP connection, over its whole life.
struct TcpEnd {
  std::uint64_t retransmitted_segments = 0, timeouts = 0;
  std::uint64_t bytes_acked = 0;
  std::uint32_t srtt_us = 0, cwnd_segments = 0;  // the latest
  std::uint64_t rtt_samples = 0;
  double rtt_p50_us = 0, rtt_p99_us = 0;
};

// One flow, one way, as the interface of one host saw it: a row of flows.csv.
struct FlowResult {
  std::string host;
  bool sent = true;      // by this host; false: it received it
  std::string protocol;  // "tcp", "udp", "roce"
  std::string source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t queue_pair = 0;  // the destination's, of RoCEv2
  std::uint64_t frames = 0, bytes = 0;
  std::int64_t first_ns = 0, last_ns = 0;
  std::uint64_t bursts = 0, largest_gap_ns = 0;
  std::optional<TcpEnd> tcp = {};  // where it was sent, of a connection that was watched
  double goodput_bps = 0;          // acknowledged bytes over the time from the first frame to the last
};

// From where frames of a flow left one host to where they came in at another.
struct OneWayDelay {
  std::string flow, from, to;
  std::uint64_t frames = 0;      // that were seen at both ends, of those that were chosen
  std::uint64_t lost = 0;        // chosen, and never seen at the other end
  std::uint64_t ambiguous = 0;   // looked like another one under way
  std::int64_t expected_ns = 0;  // the least that the links on the way allow, at no load
  std::int64_t min_ns = 0, p50_ns = 0, p99_ns = 0;
  std::int64_t residual_ns() const { return min_ns - expected_ns; }
};

// The same counted by three who know nothing of each other: segments that a host's TCP sent again.
struct HostRetransmits {
  std::string host;
  std::uint64_t sock_ops = 0;    // of the connections that were watched
  std::uint64_t tracepoint = 0;  // of all sockets in the host
  std::uint64_t tcp = 0;         // TCP's own word (RetransSegs), of all sockets in the host
};

struct HostProbesResult {
  std::string why_not;  // why there were none, in one line; empty when there were
  std::vector<FlowResult> flows;
  std::vector<OneWayDelay> delays;  // of flows of which a frame was seen at both ends
  std::vector<HostRetransmits> hosts;
  // What could not be told for want of room.
  std::uint64_t samples_lost = 0, stamps_lost = 0, connections_lost = 0, flow_frames_lost = 0;

  std::uint64_t lost_in_all() const {
    return samples_lost + stamps_lost + connections_lost + flow_frames_lost;
  }
};

// The TCP flows between sites while the timed iterations of one size lasted.
struct SizeTraffic {
  struct Flow {
    std::string flow, from, to;
    double goodput_bps = 0;  // acknowledged bytes over that time
  };
  std::uint64_t retransmitted_segments = 0, timeouts = 0;
  std::uint64_t rtt_samples = 0;
  double rtt_p50_us = 0, rtt_p99_us = 0;
  double wan_bytes_per_iteration = 0;  // acknowledged payload, all flows
  std::vector<Flow> flows = {};        // those that carry the data: at least a tenth of what the busiest does
  double jain_index = 0;               // of their goodput (Jain, Chiu and Hawe 1984); 0: there are none
};

}  // namespace longhaul::results
