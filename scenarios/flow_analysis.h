// SPDX-License-Identifier: GPL-2.0-only
//
// Makes results (results/flow_record.h) of what the probes at the hosts counted and told: which host an
// address is, which connection a flow belongs to, and what TCP did while one size of a collective lasted.
// Pure but for what SampleLog keeps; one thread. Instants are CLOCK_MONOTONIC in nanoseconds unless said
// otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nic/probes/host_probes.h"
#include "results/run_record.h"
#include "topologies/model.h"

namespace longhaul::scenario {

// A host with probes, at the index that they know it by.
struct ProbedHost {
  std::string name, address;
  std::size_t site = 0;
};

// Keeps what was told of connections, in bounded memory: when there is no more room, every second RTT sample
// is let go, and from then on only every second one is taken; and so on. What else is told is kept as long as
// there is room for it.
class SampleLog {
 public:
  struct Sample {
    std::uint64_t connection = 0, time_ns = 0, bytes_acked = 0;
    std::uint32_t rtt_us = 0, segments = 0;
    nic::ConnectionEvent event = nic::ConnectionEvent::kRtt;
  };
  explicit SampleLog(std::size_t room = std::size_t{1} << 19) : room_(room) {}

  void add(const nic::ConnectionSample& sample);
  const std::vector<Sample>& samples() const { return samples_; }
  std::uint64_t left_out() const { return left_out_; }  // of those other than RTT samples

 private:
  void thin_out();

  std::size_t room_;
  std::uint64_t every_ = 1, seen_ = 0;  // RTT samples
  std::uint64_t left_out_ = 0;
  std::vector<Sample> samples_;
};

// Rows of flows.csv, in the order of hosts, what they sent first. `epoch_ns`: where the time axis of the
// results begins.
std::vector<results::FlowResult> flow_results(const std::vector<nic::FlowCount>& flows,
                                              const std::vector<nic::ConnectionCount>& connections,
                                              const std::vector<ProbedHost>& hosts, std::int64_t epoch_ns);

// Flows of which no frame was seen at both ends are left out. `topology` says what is expected.
std::vector<results::OneWayDelay> delay_results(const std::vector<nic::FlowDelay>& delays,
                                                const std::vector<ProbedHost>& hosts,
                                                const topology::Topology& topology);

// What TCP did between sites while the timed iterations of `result` lasted. Payload is counted when it is
// acknowledged and told once in a round trip, so it is known to about one round trip at either end.
results::SizeTraffic traffic_of(const results::CollectiveResult& result, const SampleLog& log,
                                const std::vector<nic::ConnectionCount>& connections,
                                const std::vector<ProbedHost>& hosts);

}  // namespace longhaul::scenario
