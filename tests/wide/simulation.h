// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of the ns-3 side share: one simulation per scope, what became of each frame, and the seed.
// A frame of n L2 bytes is an ns-3 packet of n - 14 bytes. Linking simulation.cc sets picoseconds.
#pragma once

#include <ns3/net-device.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/simulator.h>

#include <cstdint>
#include <ostream>
#include <unordered_map>
#include <vector>

#include "emulator/core/frame.h"
#include "emulator/core/units.h"

namespace longhaul::wide::testing {

// LONGHAUL_TEST_SEED or a fixed one; printed at the first call.
std::uint64_t test_seed();

// Ends ns-3's world with the scope, so that the next test begins at time zero.
struct Simulation {
  Simulation() = default;
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() { ns3::Simulator::Destroy(); }
};

struct Outcome {
  enum class Kind { kUnknown, kDelivered, kQueueFull, kLineLoss } kind = Kind::kUnknown;
  std::int64_t due = 0;  // picoseconds; 0 unless delivered
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

// Sends `frames` (cookie = index) from one device to another at their times and records what becomes of each.
class Flow {
 public:
  Flow(std::vector<core::Frame> frames, ns3::Ptr<ns3::NetDevice> from, ns3::Ptr<ns3::NetDevice> to);
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  // Bytes that the device adds to a packet: 14 for ours, 2 for PPP.
  void schedule(std::uint32_t header);
  void watch_drops(ns3::Ptr<ns3::NetDevice> device, const char* trace, Outcome::Kind kind);
  // Called at each moment before a frame is sent.
  void before_each(void (*check)(void*), void* context) { check_ = check, context_ = context; }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }
  std::uint64_t bytes_delivered() const { return bytes_delivered_; }
  bool once_each() const { return once_each_; }
  bool refusals_told() const { return refusals_told_; }

 private:
  void send(std::size_t index);
  void settle(ns3::Ptr<const ns3::Packet> packet, Outcome outcome);

  std::vector<core::Frame> frames_;
  ns3::Ptr<ns3::NetDevice> from_;
  ns3::Address destination_;
  std::uint32_t header_ = 0;
  std::vector<Outcome> outcomes_;
  std::unordered_map<std::uint64_t, std::size_t> index_of_packet_;  // by ns-3's packet uid, kept by copies
  void (*check_)(void*) = nullptr;
  void* context_ = nullptr;
  std::uint64_t bytes_delivered_ = 0;
  bool once_each_ = true;      // no frame met two fates
  bool refusals_told_ = true;  // Send() was false exactly for those that the buffer refused
};

}  // namespace longhaul::wide::testing
