// SPDX-License-Identifier: GPL-2.0-only
//
// A flow of single frames from one simulated host to another: UDP over IPv4, when a source says so, whatever
// becomes of them. Each frame knows its number and when it was sent, so that the receiver tells copies and
// the one-way delay, from the sender's stack to the receiver's, exactly. Virtual time, ns-3's one thread;
// destroy it before ns3::Simulator::Destroy().
#pragma once

#include <ns3/event-id.h>
#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/ptr.h>
#include <ns3/socket.h>

#include <cstdint>
#include <vector>

#include "results/workload_flows.h"
#include "topologies/traffic/source.h"

namespace longhaul::scenario {

class RawFlow {
 public:
  struct Ends {
    ns3::Ptr<ns3::Node> from, to;
    ns3::Ipv4Address to_address;
    std::uint16_t port = 0;  // at the receiver: no other flow's
    std::uint8_t dscp = 0;
  };
  RawFlow(const Ends& ends, traffic::Source source);
  ~RawFlow();
  RawFlow(const RawFlow&) = delete;
  RawFlow& operator=(const RawFlow&) = delete;

  void start() { plan_next(); }
  void stop() { next_.Cancel(); }
  // Whether no more frames will be sent.
  bool over() const { return !next_.IsRunning(); }
  results::WorkloadFlow::Frames result() const;

 private:
  void plan_next();
  void send();
  void receive();

  traffic::Source source_;
  ns3::Ptr<ns3::Socket> sender_, receiver_;
  ns3::EventId next_;
  core::Tally sent_, received_;
  std::uint64_t copies_ = 0;
  std::vector<bool> came_;         // by number
  std::vector<double> delays_us_;  // of those received
};

}  // namespace longhaul::scenario
