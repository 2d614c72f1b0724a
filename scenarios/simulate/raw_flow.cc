// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/raw_flow.h"

#include <fmt/format.h>
#include <ns3/inet-socket-address.h>
#include <ns3/packet.h>
#include <ns3/tag.h>
#include <ns3/udp-socket-factory.h>

#include <ostream>
#include <stdexcept>
#include <utility>

#include "results/statistics.h"
#include "scenarios/simulate/sockets.h"
#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint32_t kHeaders = 14 + 20 + 8;  // Ethernet, IPv4, UDP

class SentTag : public ns3::Tag {
 public:
  static ns3::TypeId GetTypeId() {
    static const ns3::TypeId kId = ns3::TypeId("longhaul::scenario::SentTag")
                                       .SetParent<ns3::Tag>()
                                       .SetGroupName("longhaul")
                                       .AddConstructor<SentTag>();
    return kId;
  }
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return 2 * sizeof(std::uint64_t); }
  void Serialize(ns3::TagBuffer buffer) const override {
    buffer.WriteU64(number);
    buffer.WriteU64(static_cast<std::uint64_t>(at.ps()));
  }
  void Deserialize(ns3::TagBuffer buffer) override {
    number = buffer.ReadU64();
    at = Duration::picoseconds(static_cast<std::int64_t>(buffer.ReadU64()));
  }
  void Print(std::ostream& out) const override { out << "frame " << number; }

  std::uint64_t number = 0;
  Duration at;
};

ns3::Ptr<ns3::Socket> udp_socket(ns3::Ptr<ns3::Node> node) {
  return ns3::Socket::CreateSocket(node, ns3::UdpSocketFactory::GetTypeId());
}

}  // namespace

RawFlow::RawFlow(const Ends& ends, traffic::Source source)
    : source_(std::move(source)), sender_(udp_socket(ends.from)), receiver_(udp_socket(ends.to)) {
  if (receiver_->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), ends.port)) != 0 ||
      sender_->Connect(ns3::InetSocketAddress(ends.to_address, ends.port)) != 0) {
    throw std::runtime_error(fmt::format("cannot set up a flow to UDP port {} in ns-3", ends.port));
  }
  sender_->SetIpTos(static_cast<std::uint8_t>(ends.dscp << 2));
  receiver_->SetRecvCallback([this](ns3::Ptr<ns3::Socket>) { receive(); });
}

RawFlow::~RawFlow() {
  stop();
  forget(sender_), forget(receiver_);
}

void RawFlow::plan_next() {
  const Instant at = source_.peek().at;
  if (at == Instant::never()) return;
  next_ = ns3::Simulator::Schedule(ns3_time(at.since_zero() - simulated()), [this] { send(); });
}

void RawFlow::send() {
  const std::uint32_t size = source_.take().size;
  SentTag tag;
  tag.number = sent_.frames;
  tag.at = simulated();
  const auto packet = ns3::Create<ns3::Packet>(size - kHeaders);
  packet->AddPacketTag(tag);
  sent_.add(size);
  came_.push_back(false);
  plan_next();
  sender_->Send(packet);
}

void RawFlow::receive() {
  while (const auto packet = receiver_->Recv()) {
    SentTag tag;
    if (!packet->PeekPacketTag(tag)) continue;
    if (came_.at(tag.number)) {
      ++copies_;
      continue;
    }
    came_[tag.number] = true;
    received_.add(packet->GetSize() + kHeaders);
    delays_us_.push_back((simulated() - tag.at).to_seconds() * 1e6);
  }
}

results::WorkloadFlow::Frames RawFlow::result() const {
  results::WorkloadFlow::Frames result{sent_, received_, copies_, {}};
  if (delays_us_.empty()) return result;
  const results::Spread spread = results::spread(delays_us_);
  result.one_way = {spread.p50, spread.p99, spread.max};
  return result;
}

}  // namespace longhaul::scenario
