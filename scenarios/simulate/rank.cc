// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/rank.h"

#include <fmt/format.h>
#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <stdexcept>

#include "scenarios/collectives/gloo.h"
#include "scenarios/simulate/sockets.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint16_t kPort = 29'500;  // as PyTorch's default
constexpr std::uint64_t kMostAtOnce = std::uint64_t{1} << 30;

std::uint64_t bytes_of(const collectives::Step& step) {
  return step.size + collectives::kGlooPreamble;
}

ns3::Ptr<ns3::Socket> tcp_socket(ns3::Ptr<ns3::Node> node) {
  return ns3::Socket::CreateSocket(node, ns3::TcpSocketFactory::GetTypeId());
}

}  // namespace

SimulatedRank::SimulatedRank(std::uint32_t rank, ns3::Ptr<ns3::Node> node, std::vector<Other> others,
                             const Events& events)
    : rank_(rank), node_(node), others_(std::move(others)), events_(events), peers_(others_.size()) {
  listener_ = tcp_socket(node_);
  if (listener_->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), kPort)) != 0 ||
      listener_->Listen() != 0) {
    throw std::runtime_error(fmt::format("rank {} cannot listen in ns-3", rank_));
  }
  listener_->SetAcceptCallback(anybody(), [this](ns3::Ptr<ns3::Socket> socket, const ns3::Address& from) {
    const ns3::Ipv4Address address = ns3::InetSocketAddress::ConvertFrom(from).GetIpv4();
    const auto found = std::find_if(others_.begin(), others_.end(),
                                    [&](const Other& other) { return other.address == address; });
    if (found != others_.end()) adopt(static_cast<std::uint32_t>(found - others_.begin()), socket);
  });
}

SimulatedRank::~SimulatedRank() {
  forget(listener_);
  for (const Peer& peer : peers_) forget(peer.socket);
}

void SimulatedRank::connect() {
  for (std::uint32_t other = rank_ + 1; other < peers_.size(); ++other) {
    const auto socket = tcp_socket(node_);
    peers_[other].socket = socket;
    socket->SetConnectCallback(
        [this, other](ns3::Ptr<ns3::Socket> connected) { adopt(other, connected); },
        [this, other](ns3::Ptr<ns3::Socket>) {
          events_.failed(fmt::format("rank {} cannot connect to rank {}", rank_, other));
        });
    socket->Connect(ns3::InetSocketAddress(others_[other].address, kPort));
  }
}

void SimulatedRank::adopt(std::uint32_t other, ns3::Ptr<ns3::Socket> socket) {
  peers_[other].socket = socket;
  socket->SetAttribute("SndBufSize", ns3::UintegerValue(others_[other].window.count()));
  const auto broke = [this, other](ns3::Ptr<ns3::Socket>) {
    events_.failed(fmt::format("the connection of rank {} to rank {} broke", rank_, other));
  };
  socket->SetCloseCallbacks(broke, broke);
  socket->SetRecvCallback([this](ns3::Ptr<ns3::Socket>) { move_on(); });
  socket->SetSendCallback([this](ns3::Ptr<ns3::Socket>, std::uint32_t) { move_on(); });
  events_.connected();
}

void SimulatedRank::prepare(const collectives::Schedule& schedule) {
  schedule_ = &schedule;
  run_ = 0;
  over_in_.assign(schedule.steps.size(), 0);
  for (Peer& peer : peers_) peer.sends.clear(), peer.receives.clear();
  for (std::uint32_t s = 0; s < schedule.steps.size(); ++s) {
    const collectives::Step& step = schedule.steps[s];
    if (step.from == rank_) peers_[step.to].sends.push_back(s);
    if (step.to == rank_) peers_[step.from].receives.push_back(s);
  }
}

void SimulatedRank::begin() {
  ++run_;
  to_do_ = 0;
  for (Peer& peer : peers_) {
    peer.sent = peer.received = 0;
    to_do_ += peer.sends.size() + peer.receives.size();
  }
  if (to_do_ == 0) ns3::Simulator::ScheduleNow([this] { events_.done(rank_); });
  move_on();
}

void SimulatedRank::move_on() {
  if (moving_ || to_do_ == 0) return;
  moving_ = true;
  for (bool more = true; more;) {
    more = false;
    for (Peer& peer : peers_) {
      more |= receive_from(peer);
      more |= send_to(peer);
    }
  }
  moving_ = false;
}

// Whether a step is over that was not.
bool SimulatedRank::send_to(Peer& peer) {
  bool any = false;
  while (peer.sent < peer.sends.size()) {
    const std::uint32_t next = peer.sends[peer.sent];
    const collectives::Step& step = schedule_->steps[next];
    if (peer.left_to_send == 0) {
      if (!may_send(step)) break;
      peer.left_to_send = bytes_of(step);
    }
    const std::uint64_t bytes =
        std::min({peer.left_to_send, std::uint64_t{peer.socket->GetTxAvailable()}, kMostAtOnce});
    if (bytes == 0) break;
    const int taken = peer.socket->Send(ns3::Create<ns3::Packet>(static_cast<std::uint32_t>(bytes)));
    if (taken <= 0) break;
    peer.left_to_send -= static_cast<std::uint64_t>(taken);
    if (peer.left_to_send > 0) continue;
    ++peer.sent;
    finish(next);
    any = true;
  }
  return any;
}

bool SimulatedRank::receive_from(Peer& peer) {
  bool any = false;
  while (peer.received < peer.receives.size()) {
    const std::uint32_t next = peer.receives[peer.received];
    if (peer.left_to_receive == 0) peer.left_to_receive = bytes_of(schedule_->steps[next]);
    const auto packet =
        peer.socket->Recv(static_cast<std::uint32_t>(std::min(peer.left_to_receive, kMostAtOnce)), 0);
    if (packet == nullptr || packet->GetSize() == 0) break;
    peer.left_to_receive -= packet->GetSize();
    if (peer.left_to_receive > 0) continue;
    ++peer.received;
    finish(next);
    any = true;
  }
  return any;
}

bool SimulatedRank::may_send(const collectives::Step& step) const {
  return std::all_of(step.after.begin(), step.after.end(),
                     [&](std::uint32_t before) { return over_in_[before] == run_; });
}

void SimulatedRank::finish(std::uint32_t step) {
  over_in_[step] = run_;
  events_.moved();
  if (--to_do_ == 0) ns3::Simulator::ScheduleNow([this] { events_.done(rank_); });
}

}  // namespace longhaul::scenario
