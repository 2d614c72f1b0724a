// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/tcp_flow.h"

#include <fmt/format.h>
#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "scenarios/simulate/sockets.h"
#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

ns3::Ptr<ns3::Socket> tcp_socket(ns3::Ptr<ns3::Node> node) {
  return ns3::Socket::CreateSocket(node, ns3::TcpSocketFactory::GetTypeId());
}

}  // namespace

TcpFlow::~TcpFlow() {
  forget(sender_), forget(receiver_);
}

void TcpFlow::start() {
  ns3::Simulator::Schedule(ns3_time(plan_.start - simulated()), [this] { connect(); });
}

void TcpFlow::connect() {
  left_ = plan_.bytes;
  sender_ = tcp_socket(plan_.from);
  sender_->SetAttribute("SndBufSize", ns3::UintegerValue(plan_.window.count()));
  sender_->SetIpTos(static_cast<std::uint8_t>(plan_.dscp << 2));
  const auto failed = [this](ns3::Ptr<ns3::Socket>) {
    if (!complete()) events_.failed(*this);
  };
  sender_->SetConnectCallback([this](ns3::Ptr<ns3::Socket>) { send(); }, failed);
  sender_->SetCloseCallbacks([](ns3::Ptr<ns3::Socket>) {}, failed);
  sender_->SetSendCallback([this](ns3::Ptr<ns3::Socket>, std::uint32_t) { send(); });
  sender_->Bind();
  sender_->Connect(ns3::InetSocketAddress(plan_.to_address, plan_.port));
  ns3::Address own;
  sender_->GetSockName(own);
  const ns3::InetSocketAddress client = ns3::InetSocketAddress::ConvertFrom(own);
  events_.connecting(*this, {client.GetIpv4(), client.GetPort()});
}

void TcpFlow::send() {
  constexpr std::uint64_t kMostAtOnce = std::uint64_t{1} << 30;
  while (left_ > 0) {
    const std::uint64_t bytes = std::min({left_, std::uint64_t{sender_->GetTxAvailable()}, kMostAtOnce});
    if (bytes == 0) return;
    const int taken = sender_->Send(ns3::Create<ns3::Packet>(static_cast<std::uint32_t>(bytes)));
    if (taken <= 0) return;
    left_ -= static_cast<std::uint64_t>(taken);
    if (left_ == 0) sender_->Close();
  }
}

void TcpFlow::accept(ns3::Ptr<ns3::Socket> socket) {
  receiver_ = socket;
  receiver_->SetRecvCallback([this](ns3::Ptr<ns3::Socket>) { receive(); });
}

void TcpFlow::receive() {
  while (const auto packet = receiver_->Recv(std::numeric_limits<std::uint32_t>::max(), 0)) {
    if (packet->GetSize() == 0) return;
    received_ += packet->GetSize();
    events_.moved();
    if (received_ < plan_.bytes) continue;
    completed_ = simulated() - plan_.start;
    receiver_->Close();
    return;
  }
}

TcpListeners::~TcpListeners() {
  for (const auto& [where, socket] : sockets_) forget(socket);
}

void TcpListeners::listen(ns3::Ptr<ns3::Node> node, std::uint16_t port) {
  ns3::Ptr<ns3::Socket>& socket = sockets_[{node->GetId(), port}];
  if (socket != nullptr) return;
  socket = tcp_socket(node);
  if (socket->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)) != 0 || socket->Listen() != 0)
    throw std::runtime_error(fmt::format("cannot listen on TCP port {} in ns-3", port));
  socket->SetAcceptCallback(anybody(), [this](ns3::Ptr<ns3::Socket> connected, const ns3::Address& from) {
    const ns3::InetSocketAddress client = ns3::InetSocketAddress::ConvertFrom(from);
    const auto flow = flows_.find({client.GetIpv4(), client.GetPort()});
    if (flow != flows_.end()) flow->second->accept(connected);
  });
}

}  // namespace longhaul::scenario
