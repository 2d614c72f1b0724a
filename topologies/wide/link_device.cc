// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/link_device.h"

#include <fmt/core.h>
#include <ns3/ipv4-address.h>
#include <ns3/ipv6-address.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>
#include <ns3/trace-source-accessor.h>

#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "emulator/dataplane/frame_header.h"

namespace longhaul::wide {
namespace {

NS_OBJECT_ENSURE_REGISTERED(LinkDevice);

std::uint16_t checked_mtu(std::uint32_t mtu) {
  if (ns3::Time::GetResolution() != ns3::Time::PS)
    throw std::runtime_error("cannot make an ns-3 link device: ns-3's time resolution is not the picosecond");
  if (mtu > std::numeric_limits<std::uint16_t>::max())
    throw std::runtime_error(fmt::format("cannot make an ns-3 link device: MTU {} is above 65535", mtu));
  return static_cast<std::uint16_t>(mtu);
}

// Ticks are picoseconds, which the constructor has checked.
Instant simulated_now() {
  return Instant::at(Duration::picoseconds(ns3::Simulator::Now().GetTimeStep()));
}

constexpr bool before_the_line(core::DropCause cause) {
  switch (cause) {
    case core::DropCause::kQueueFull:
    case core::DropCause::kPoolThreshold:
    case core::DropCause::kOnChipFull:
    case core::DropCause::kRed:
    case core::DropCause::kCodel:
    case core::DropCause::kPie:
    case core::DropCause::kTimeCap:
    case core::DropCause::kWatchdog:
    case core::DropCause::kBackground:
      return true;
    case core::DropCause::kLineLoss:
    case core::DropCause::kBitError:
    case core::DropCause::kBadFcs:
    case core::DropCause::kBurst:
    case core::DropCause::kBlackhole:
    case core::DropCause::kOutage:
    case core::DropCause::kHeadroomFull:
    case core::DropCause::kFarQueueFull:
      return false;
  }
  return false;
}

}  // namespace

void use_picoseconds() {
  // A second time it would look for times made before the first one, in what is gone by then.
  if (ns3::Time::GetResolution() != ns3::Time::PS) ns3::Time::SetResolution(ns3::Time::PS);
}

ns3::TypeId LinkDevice::GetTypeId() {
  static const ns3::TypeId kId =
      ns3::TypeId("longhaul::wide::LinkDevice")
          .SetParent<ns3::NetDevice>()
          .SetGroupName("longhaul")
          .AddTraceSource("MacTxDrop", "Above the MTU, or dropped by the buffer",
                          ns3::MakeTraceSourceAccessor(&LinkDevice::mac_tx_drop_),
                          "ns3::Packet::TracedCallback")
          .AddTraceSource("PhyTxDrop", "Lost after it used its share of the rate",
                          ns3::MakeTraceSourceAccessor(&LinkDevice::phy_tx_drop_),
                          "ns3::Packet::TracedCallback")
          .AddTraceSource("HookDrop", "Dropped by a hook",
                          ns3::MakeTraceSourceAccessor(&LinkDevice::hook_drop_),
                          "ns3::Packet::TracedCallback")
          .AddTraceSource("PromiscSniffer", "Came from the peer",
                          ns3::MakeTraceSourceAccessor(&LinkDevice::sniffer_), "ns3::Packet::TracedCallback");
  return kId;
}

// Callbacks of the peer wait until the core has returned: they may send, and so come back to a link. What a
// push finds due at its own moment waits for the event that is armed for that moment and runs in the peer's
// context.
struct LinkDevice::Sink {
  LinkDevice& device;
  std::optional<std::uint64_t> offered = {};  // the cookie of the frame that is being offered
  bool refused = false;

  void deliver(const core::Frame& frame, Instant due);
  void drop(const core::Frame& frame, core::DropCause cause) {
    const GhostFrame ghost = device.release(frame.cookie);
    const bool refuses = offered == frame.cookie;
    refused |= refuses;
    if (refuses || before_the_line(cause)) {
      device.mac_tx_drop_(ghost.packet);
    } else {
      device.phy_tx_drop_(ghost.packet);
    }
  }
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
    GhostFrame copy = device.slots_[frame.cookie];
    copy.packet = copy.packet->Copy();
    if (copy.traveller != nullptr) copy.traveller = std::make_shared<Traveller>(*copy.traveller);
    return device.keep(std::move(copy));
  }
  void corrupt(const core::Frame& frame, std::uint64_t bit) { device.slots_[frame.cookie].invert(bit); }
};

// What a hook's answer does to a packet that is kept here.
struct LinkDevice::HookSink {
  LinkDevice& device;
  lh_place place;
  Sink& sink;

  GhostFrame& ghost(std::uint64_t cookie) { return device.slots_[cookie]; }
  core::HookAnswer judge(std::uint64_t cookie, std::uint32_t size, Instant at) {
    if (place == LH_INGRESS) device.link().advance(at, sink);  // the queue that the frame meets
    const std::vector<std::byte> bytes = ghost(cookie).header_bytes();
    const core::Frame frame = device.frame_of(ghost(cookie), cookie);
    return device.hooks_[place]->judge(
        {.bytes = bytes,
         .size = size,
         .flow = frame.flow,
         .traffic_class = static_cast<std::uint32_t>(device.link().class_of(frame)),
         .at = at,
         .queue_bytes = device.link().queue_bytes()});
  }
  void pass(std::uint64_t cookie, std::uint32_t, Instant) {
    if (place == LH_INGRESS) {
      device.enter(cookie, sink);
    } else {
      device.arrived_.push_back(cookie);
    }
  }
  void drop(std::uint64_t cookie, std::uint32_t, std::uint8_t, Instant) {
    device.hook_drop_(device.release(cookie).packet);
  }
  std::optional<std::uint64_t> duplicate(std::uint64_t cookie, std::uint32_t) {
    core::Frame frame;
    frame.cookie = cookie;
    return sink.duplicate(frame);
  }
  bool mark(std::uint64_t cookie) { return ghost(cookie).mark_congestion(); }
  bool set_ecn(std::uint64_t cookie, core::Ecn ecn) { return ghost(cookie).set_ecn(ecn); }
  void corrupt(std::uint64_t cookie, std::uint64_t bit) { ghost(cookie).invert(bit); }
  void set_class(std::uint64_t cookie, std::uint8_t traffic_class) {
    if (place == LH_INGRESS && traffic_class < core::kMostClasses) ghost(cookie).forced_class = traffic_class;
  }
  void capture(std::uint64_t, Instant) {}  // traces of ns-3 are chosen otherwise
};

void LinkDevice::Sink::deliver(const core::Frame& frame, Instant due) {
  GhostFrame& ghost = device.slots_[frame.cookie];
  if (frame.marked) ghost.mark_congestion();
  if (!device.hooks_[LH_EGRESS]) {
    device.arrived_.push_back(frame.cookie);
  } else {
    device.hooks_[LH_EGRESS]->stage.meet(frame.cookie, ghost.size(), due, HookSink{device, LH_EGRESS, *this});
  }
}

LinkDevice::LinkDevice(const core::LinkConfig& out, core::StreamOwner owner, std::uint64_t seed,
                       std::uint32_t mtu)
    : config_(out),
      owner_(owner),
      seed_(seed),
      reads_headers_(core::needs_headers(out)),
      largest_mtu_(checked_mtu(mtu)),
      mtu_(largest_mtu_),
      address_(ns3::Mac48Address::Allocate()) {}

core::Link& LinkDevice::link() {
  if (!link_) {
    link_.emplace(config_, Bytes(std::uint64_t{largest_mtu_} + kEthernetHeader), owner_, seed_);
    link_->log_decisions(log_);
  }
  return *link_;
}

void LinkDevice::log_decisions(core::DecisionLog* log) {
  log_ = log;
  if (link_) link_->log_decisions(log);
}

void LinkDevice::meet_hook(lh_place place, Judge judge, Duration longest_delay) {
  const core::LinkCapacity room =
      core::held_by_hook(config_, longest_delay, Bytes(std::uint64_t{largest_mtu_} + kEthernetHeader));
  hooks_.at(place).emplace(Hook{core::HookStage(room.frames, longest_delay), std::move(judge)});
  reads_headers_ = true;
}

bool LinkDevice::SetMtu(const std::uint16_t mtu) {
  if (mtu > largest_mtu_) return false;
  mtu_ = mtu;
  return true;
}

ns3::Address LinkDevice::GetMulticast(ns3::Ipv4Address group) const {
  return ns3::Mac48Address::GetMulticast(group);
}

ns3::Address LinkDevice::GetMulticast(ns3::Ipv6Address group) const {
  return ns3::Mac48Address::GetMulticast(group);
}

bool LinkDevice::Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address& destination, std::uint16_t protocol) {
  return take(std::move(packet), address_, destination, protocol);
}

bool LinkDevice::SendFrom(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source,
                          const ns3::Address& destination, std::uint16_t protocol) {
  return take(std::move(packet), ns3::Mac48Address::ConvertFrom(source), destination, protocol);
}

bool LinkDevice::take(ns3::Ptr<ns3::Packet> packet, const ns3::Mac48Address& source,
                      const ns3::Address& destination, std::uint16_t protocol) {
  if (peer_ == nullptr || packet->GetSize() > mtu_) {
    mac_tx_drop_(packet);
    return false;
  }
  return offer({std::move(packet), source, ns3::Mac48Address::ConvertFrom(destination), protocol});
}

bool LinkDevice::send_ghost(GhostFrame ghost) {
  if (peer_ != nullptr) return offer(std::move(ghost));
  mac_tx_drop_(ghost.packet);
  return false;
}

bool LinkDevice::offer(GhostFrame ghost) {
  const std::uint64_t cookie = keep(std::move(ghost));
  Sink sink{*this, cookie};
  moving_ = true;
  if (hooks_[LH_INGRESS]) {
    hooks_[LH_INGRESS]->stage.meet(cookie, slots_[cookie].size(), simulated_now(),
                                   HookSink{*this, LH_INGRESS, sink});
  } else {
    enter(cookie, sink);
  }
  moving_ = false;
  arm();
  return !sink.refused;
}

void LinkDevice::enter(std::uint64_t cookie, Sink& sink) {
  const core::Frame frame = frame_of(slots_[cookie], cookie);
  link().push(std::span(&frame, 1), sink);
}

core::Frame LinkDevice::frame_of(const GhostFrame& ghost, std::uint64_t cookie) const {
  core::Frame frame{cookie, simulated_now(), ghost.size()};
  if (!reads_headers_) return frame;
  if (ghost.traveller != nullptr) {
    const dataplane::Label& label = ghost.traveller->label;
    frame.flow = label.flow();
    frame.pcp = label.pcp();
    frame.dscp = label.dscp();
    frame.ecn = label.ecn();
    frame.forced_class = label.forced_class();
    return frame;
  }
  const dataplane::FrameHeader header = dataplane::read_header(ghost.header_bytes());
  frame.flow = header.flow;
  frame.pcp = header.pcp;
  frame.dscp = header.dscp;
  frame.ecn = header.ecn;
  frame.forced_class = ghost.forced_class;
  return frame;
}

// A new event is only ever needed before all that are armed, so they form a stack and none is cancelled. It
// stays small: an event that is not needed any more leaves it when its time comes.
void LinkDevice::arm() {
  const Instant next = next_event();
  if (next == Instant::never() || (!armed_.empty() && armed_.back() <= next)) return;
  armed_.push_back(next);
  ns3::Simulator::ScheduleWithContext(peer_->node_->GetId(), ns3::TimeStep((next - simulated_now()).ps()),
                                      &LinkDevice::run_link, ns3::Ptr<LinkDevice>(this));
}

Instant LinkDevice::next_event() const {
  Instant next = link_ ? link_->next_event() : Instant::never();
  for (const std::optional<Hook>& hook : hooks_) {
    if (hook) next = std::min(next, hook->stage.next_event());
  }
  return next;
}

void LinkDevice::run_link() {
  armed_.pop_back();
  if (peer_ == nullptr) return;  // disposed of
  move_on();
  arm();
  hand_over();
}

void LinkDevice::move_on() {
  const Instant now = simulated_now();
  moving_ = true;
  Sink sink{*this};
  if (hooks_[LH_INGRESS]) hooks_[LH_INGRESS]->stage.advance(now, HookSink{*this, LH_INGRESS, sink});
  if (link_) link_->advance(now, sink);
  if (hooks_[LH_EGRESS]) hooks_[LH_EGRESS]->stage.advance(now, HookSink{*this, LH_EGRESS, sink});
  moving_ = false;
}

bool LinkDevice::plan(Instant at, const core::Change& change) {
  if (!link().plan(at, change)) return false;
  arm();
  return true;
}

// Between events the link is not told that time passes, as nothing leaves it. What is due just now waits for
// the event that is armed for it.
core::LinkCounters LinkDevice::counters() {
  if (!moving_) move_on();
  return link_ ? link_->counters() : core::LinkCounters{};
}

void LinkDevice::hand_over() {
  while (!arrived_.empty()) {
    GhostFrame ghost = release(arrived_.front());
    arrived_.pop_front();
    if (peer_ == nullptr) continue;
    if (ghost.traveller != nullptr && peer_->take_ghost_) {
      peer_->take_ghost_(std::move(ghost));
    } else {
      peer_->receive(ghost);
    }
  }
}

void LinkDevice::receive(const GhostFrame& ghost) {
  if (!sniffer_.IsEmpty()) sniffer_(ghost.with_header());
  const PacketType type = ghost.destination == address_     ? PACKET_HOST
                          : ghost.destination.IsBroadcast() ? PACKET_BROADCAST
                          : ghost.destination.IsGroup()     ? PACKET_MULTICAST
                                                            : PACKET_OTHERHOST;
  if (!receive_all_.IsNull())
    receive_all_(this, ghost.packet->Copy(), ghost.protocol, ghost.source, ghost.destination, type);
  if (type != PACKET_OTHERHOST && !receive_.IsNull())
    receive_(this, ghost.packet, ghost.protocol, ghost.source);
}

std::uint64_t LinkDevice::keep(GhostFrame ghost) {
  if (free_slots_.empty()) {
    slots_.push_back(std::move(ghost));
    return slots_.size() - 1;
  }
  const std::uint64_t cookie = free_slots_.back();
  free_slots_.pop_back();
  slots_[cookie] = std::move(ghost);
  return cookie;
}

GhostFrame LinkDevice::release(std::uint64_t cookie) {
  free_slots_.push_back(cookie);
  GhostFrame ghost = std::move(slots_[cookie]);
  slots_[cookie].packet = nullptr;  // a move leaves it there
  return ghost;
}

void LinkDevice::DoDispose() {
  for (GhostFrame& ghost : slots_) ghost = GhostFrame{};
  arrived_.clear();
  receive_.Nullify();
  receive_all_.Nullify();
  take_ghost_ = nullptr;
  peer_ = nullptr;
  channel_ = nullptr;
  node_ = nullptr;
  ns3::NetDevice::DoDispose();
}

}  // namespace longhaul::wide
