// SPDX-License-Identifier: GPL-2.0-only
//
// A rank on an ns-3 node: it runs its part of a schedule (scenarios/collectives/) over one TCP connection to
// each other rank. A message is its bytes and kGlooPreamble more, or those alone for a signal; what the bytes
// say is not simulated, and adding takes no time. What comes before the rank has begun waits in the socket.
//
// All in virtual time on ns-3's one thread. Destroy it before ns3::Simulator::Destroy().
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/ptr.h>
#include <ns3/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "emulator/core/units.h"
#include "scenarios/collectives/schedule.h"

namespace longhaul::scenario {

class SimulatedRank {
 public:
  struct Events {
    std::function<void()> connected;               // one more connection stands, at this end
    std::function<void(std::uint32_t rank)> done;  // the schedule is over here; not from within begin()
    std::function<void(const std::string& line)> failed;  // a connection cannot be made, or broke
    std::function<void()> moved;                          // a step is over
  };

  struct Other {  // a rank as its peers see it
    ns3::Ipv4Address address;
    Bytes window;  // that we may have under way to it
  };
  // `others`: all ranks, itself included. `events` must outlive it.
  SimulatedRank(std::uint32_t rank, ns3::Ptr<ns3::Node> node, std::vector<Other> others,
                const Events& events);
  ~SimulatedRank();
  SimulatedRank(const SimulatedRank&) = delete;
  SimulatedRank& operator=(const SimulatedRank&) = delete;

  // Connects to all ranks above; those below connect to it.
  void connect();
  // What begin() runs; the schedule must outlive its last run.
  void prepare(const collectives::Schedule& schedule);
  // Runs it once; all of its connections stand and it is done with the time before.
  void begin();

 private:
  struct Peer {
    ns3::Ptr<ns3::Socket> socket;
    std::vector<std::uint32_t> sends, receives;           // steps, in order
    std::size_t sent = 0, received = 0;                   // of those, over in this run
    std::uint64_t left_to_send = 0, left_to_receive = 0;  // bytes of the next ones; 0: not begun
  };

  void adopt(std::uint32_t peer, ns3::Ptr<ns3::Socket> socket);
  void move_on();
  bool send_to(Peer& peer);
  bool receive_from(Peer& peer);
  bool may_send(const collectives::Step& step) const;
  void finish(std::uint32_t step);

  std::uint32_t rank_;
  ns3::Ptr<ns3::Node> node_;
  std::vector<Other> others_;
  const Events& events_;
  ns3::Ptr<ns3::Socket> listener_;
  std::vector<Peer> peers_;  // by rank
  const collectives::Schedule* schedule_ = nullptr;
  std::uint32_t run_ = 0;
  std::vector<std::uint32_t> over_in_;  // by step: the last run in which it was over here
  std::size_t to_do_ = 0;               // steps of this rank that are not over
  bool moving_ = false;
};

}  // namespace longhaul::scenario
