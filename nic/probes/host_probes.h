// SPDX-License-Identifier: GPL-2.0-only
//
// Probes in the kernel at the testbed's hosts, which see a run from outside of the emulator: the flows at
// each host's interface, both directions (TCX); the TCP connections of the workload (sock_ops on its control
// group); retransmissions of every socket in a host (tracepoint); and the one-way delay of chosen frames from
// host to host. They change nothing about a frame. Byte counts are those of frames without FCS, preamble and
// gap; GSO bundles count as the frames that they become. Times are CLOCK_MONOTONIC in nanoseconds.
//
// Everything is attached by BPF links and gone with the object, or with the process however it ends. Needs
// root, Linux 6.6 and the kernel's BTF. Control thread only, all of it; poll() often enough that the ring
// buffer of records does not run over, which is counted. Hosts share this machine's kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/core/units.h"
#include "nic/probes/delay_joiner.h"
#include "nic/probes/flow_id.h"

namespace longhaul::nic {

struct ProbeHost {
  std::string name;
  int network_namespace = -1;  // an open file, which the caller keeps until the probes are made
  std::string interface = "eth0";
};

struct ProbeSettings {
  std::chrono::nanoseconds burst_gap{100'000};  // a frame this long after the one before begins a burst
  std::uint32_t stamp_every = 64;          // every n-th frame, on average, for the one-way delay; 0: none
  std::uint32_t rtt_every = 1;             // every n-th RTT sample of a connection is told; 0: none
  std::uint32_t most_flows = 16'384;       // of all hosts, each direction at each host one
  std::uint32_t most_connections = 4'096;  // each end one
  std::uint32_t record_bytes = 8 << 20;    // of the ring buffer; rounded up to a power of two
  std::chrono::nanoseconds longest_delay = std::chrono::seconds(10);  // after which a frame is lost
  // The control group (cgroup v2) whose connections are watched; the root of cgroup2 will do, since only
  // those in the hosts count. Empty: none are.
  std::filesystem::path cgroup = {};
};

enum class ProbeDirection : std::uint8_t { kSent, kReceived };

// One flow as one host's interface sees it.
struct FlowCount {
  FlowId flow;
  std::uint32_t host = 0;  // index in the list
  ProbeDirection direction = ProbeDirection::kSent;
  std::uint64_t frames = 0, bytes = 0;
  std::uint64_t first_ns = 0, last_ns = 0;
  std::uint64_t bursts = 0;
  std::uint64_t largest_gap_ns = 0;  // between two frames, or bundles of them
};

// All frames of one host's interface and direction; what belongs to no flow is told apart by why.
struct InterfaceTotals {
  std::uint64_t frames = 0, bytes = 0;
  std::uint64_t other_frames = 0, other_bytes = 0;          // neither TCP nor UDP, as ARP
  std::uint64_t malformed_frames = 0, malformed_bytes = 0;  // cut off, or lying about their headers
  std::uint64_t no_room_frames = 0, no_room_bytes = 0;      // of flows beyond most_flows
};

// One end of a TCP connection. Counts are exact; the percentiles are those of the samples that were told.
struct ConnectionCount {
  std::uint64_t cookie = 0;  // the socket's
  std::uint32_t host = 0;
  IpAddress local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  bool active = false, established = false, closed = false;
  std::uint64_t opened_ns = 0, last_ns = 0;
  std::uint64_t rtt_samples = 0;
  std::uint64_t retransmissions = 0, retransmitted_segments = 0;
  std::uint64_t failed_segments = 0;  // that the host's own stack refused
  std::uint64_t timeouts = 0;
  std::uint64_t bytes_acked = 0, bytes_received = 0;
  std::uint32_t cwnd_segments = 0, srtt_us = 0, rtt_min_us = 0;  // the latest
  Duration rtt_p50, rtt_p99, rtt_max;
};

enum class ConnectionEvent : std::uint8_t { kRtt, kRetransmission, kTimeout, kClosed };

// What happened to a connection and how it stood then.
struct ConnectionSample {
  std::uint64_t cookie = 0;
  std::uint32_t host = 0;
  std::uint64_t time_ns = 0;
  ConnectionEvent event = ConnectionEvent::kRtt;
  std::uint32_t srtt_us = 0,
                rtt_us = 0;  // rtt_us: of kRtt, the one measurement; 0 where the kernel does not tell
  std::uint32_t cwnd_segments = 0, ssthresh_segments = 0, in_flight_segments = 0;
  std::uint32_t event_segments = 0;             // of kRetransmission; 0: they could not be sent
  std::uint64_t delivery_bytes_per_second = 0;  // the kernel's latest estimate; 0: none yet
  std::uint64_t bytes_acked = 0;
};

// Retransmissions in a host's network namespace, whoever's the socket is.
struct HostRetransmissions {
  std::uint64_t retransmissions = 0, segments = 0, failed_segments = 0;
};

struct ProbeLosses {
  std::uint64_t samples = 0, stamps = 0;  // records that the ring buffer had no room for
  std::uint64_t connections = 0;          // beyond most_connections
  DelayLosses delays;
};

class HostProbes {
 public:
  // Why this machine cannot have probes, in one line; nothing when nothing speaks against it.
  static std::optional<std::string> why_not();

  // Attaches everything; throws std::runtime_error with one line, and nothing attached, when it cannot.
  HostProbes(const std::vector<ProbeHost>& hosts, const ProbeSettings& settings);
  HostProbes(HostProbes&&) noexcept;
  HostProbes& operator=(HostProbes&&) noexcept;
  ~HostProbes();

  // Takes what the kernel has told since the last time, and passes on each sample in the order of the ring
  // buffer.
  void poll(const std::function<void(const ConnectionSample&)>& sample = {});

  // What was counted since the start: flows(), totals(), retransmissions() up to now, the others up to the
  // last poll() where they come from records.
  std::vector<FlowCount> flows() const;
  InterfaceTotals totals(std::size_t host, ProbeDirection direction) const;
  std::vector<ConnectionCount> connections() const;
  HostRetransmissions retransmissions(std::size_t host) const;
  std::vector<FlowDelay> delays() const;
  ProbeLosses losses() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace longhaul::nic
