// SPDX-License-Identifier: GPL-2.0-only
#include "tests/wide/simulation.h"

#include <gtest/gtest.h>
#include <ns3/nstime.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <utility>

#include "topologies/wide/link_device.h"

namespace longhaul::wide::testing {
namespace {

class Picoseconds : public ::testing::Environment {
  void SetUp() override { use_picoseconds(); }
};
const ::testing::Environment* const kPicoseconds = ::testing::AddGlobalTestEnvironment(new Picoseconds);

constexpr std::uint16_t kIpv4 = 0x0800;  // the point-to-point device takes no other but IPv6

}  // namespace

std::uint64_t test_seed() {
  static const std::uint64_t kSeed = [] {
    const char* given = std::getenv("LONGHAUL_TEST_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'121;
    std::cout << "LONGHAUL_TEST_SEED=" << value << "\n";
    return value;
  }();
  return kSeed;
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  constexpr std::array<const char*, 4> kNames{"unknown", "delivered", "queue full", "line loss"};
  return out << kNames[static_cast<std::size_t>(outcome.kind)] << " at " << outcome.due << " ps";
}

Flow::Flow(std::vector<core::Frame> frames, ns3::Ptr<ns3::NetDevice> from, ns3::Ptr<ns3::NetDevice> to)
    : frames_(std::move(frames)), from_(from), destination_(to->GetAddress()), outcomes_(frames_.size()) {
  to->SetReceiveCallback([this](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, std::uint16_t,
                                const ns3::Address&) {
    bytes_delivered_ += packet->GetSize() + header_;
    settle(packet, {Outcome::Kind::kDelivered, ns3::Simulator::Now().GetTimeStep()});
    return true;
  });
}

void Flow::watch_drops(ns3::Ptr<ns3::NetDevice> device, const char* trace, Outcome::Kind kind) {
  const std::function<void(ns3::Ptr<const ns3::Packet>)> dropped =
      [this, kind](ns3::Ptr<const ns3::Packet> packet) { settle(packet, {kind}); };
  ASSERT_TRUE(
      device->TraceConnectWithoutContext(trace, ns3::Callback<void, ns3::Ptr<const ns3::Packet>>(dropped)));
}

void Flow::schedule(std::uint32_t header) {
  header_ = header;
  for (std::size_t i = 0; i < frames_.size(); ++i)
    ns3::Simulator::Schedule(ns3::TimeStep(frames_[i].at.ps()), &Flow::send, this, i);
}

void Flow::send(std::size_t index) {
  if (check_ != nullptr) check_(context_);
  const auto packet = ns3::Create<ns3::Packet>(frames_[index].size - header_);
  index_of_packet_.emplace(packet->GetUid(), index);
  const bool taken = from_->Send(packet, destination_, kIpv4);
  refusals_told_ &= taken == (outcomes_[index].kind != Outcome::Kind::kQueueFull);
}

void Flow::settle(ns3::Ptr<const ns3::Packet> packet, Outcome outcome) {
  Outcome& settled = outcomes_.at(index_of_packet_.at(packet->GetUid()));
  once_each_ &= settled.kind == Outcome::Kind::kUnknown;
  settled = outcome;
}

}  // namespace longhaul::wide::testing
