// SPDX-License-Identifier: GPL-2.0-only
//
// So many bytes from one simulated host to another over a TCP connection of their own, which is made when the
// flow starts. It is complete when the last byte has come. The receivers are the hosts' listeners, which tell
// flows by who connects. Virtual time, ns-3's one thread; destroy before ns3::Simulator::Destroy().
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/ptr.h>
#include <ns3/socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::scenario {

class TcpFlow {
 public:
  struct Plan {
    ns3::Ptr<ns3::Node> from;
    ns3::Ipv4Address to_address;
    std::uint16_t port = 0;  // at the receiver
    std::uint8_t dscp = 0;
    std::uint64_t bytes = 0;
    Duration start;
    Bytes window;  // that it may have under way
  };
  using Client = std::pair<ns3::Ipv4Address, std::uint16_t>;
  struct Events {
    std::function<void(TcpFlow& flow, const Client& client)> connecting;
    std::function<void()> moved;  // bytes came
    std::function<void(TcpFlow& flow)> failed;
  };
  // `events` outlives it.
  TcpFlow(const Plan& plan, const Events& events) : plan_(plan), events_(events) {}
  ~TcpFlow();
  TcpFlow(const TcpFlow&) = delete;
  TcpFlow& operator=(const TcpFlow&) = delete;

  void start();
  // Sends nothing that its socket has not got already.
  void stop() { left_ = 0; }
  void accept(ns3::Ptr<ns3::Socket> socket);

  const Plan& plan() const { return plan_; }
  bool begun() const { return sender_ != nullptr; }
  bool complete() const { return completed_.has_value(); }
  std::uint64_t received() const { return received_; }
  std::optional<Duration> completion() const { return completed_; }  // since its start

 private:
  void connect();
  void send();
  void receive();

  Plan plan_;
  const Events& events_;
  ns3::Ptr<ns3::Socket> sender_, receiver_;
  std::uint64_t left_ = 0;  // to hand to the socket
  std::uint64_t received_ = 0;
  std::optional<Duration> completed_;
};

// Where flows come in: a socket for each host and port.
class TcpListeners {
 public:
  ~TcpListeners();
  void listen(ns3::Ptr<ns3::Node> node, std::uint16_t port);
  // Who connects from there is this flow; told before anybody knows of the connection at the other end.
  void expect(TcpFlow& flow, const TcpFlow::Client& client) { flows_[client] = &flow; }

 private:
  std::map<std::pair<std::uint32_t, std::uint16_t>, ns3::Ptr<ns3::Socket>> sockets_;  // by node and port
  std::map<TcpFlow::Client, TcpFlow*> flows_;
};

}  // namespace longhaul::scenario
