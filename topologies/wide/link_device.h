// SPDX-License-Identifier: GPL-2.0-only
//
// The link core as an ns-3 device: two LinkDevices joined by a LinkChannel are one long-haul link, each
// device driving the core::Link of the direction it sends in. Send() pushes at Simulator::Now(), next_event()
// becomes an ns-3 event, and the peer's receive callback runs at exactly the due time. No decision is made
// here: the queue, loss and delay are core::Link's, so a frame meets the same fate as in the data plane; what
// that wants to know of headers is read from the packet, and a congestion mark is written into it.
//
// Time: ns-3's resolution must be the picosecond, see use_picoseconds(); a device refuses to be made
// otherwise. Sizes: a packet counts with an Ethernet header of 14 B, which is never written: addresses and
// protocol travel beside the packet. A packet that was sent is the device's, as with all of ns-3's; it is
// kept here until it leaves. Its core::Link, which takes memory for all that it can hold, is made for the
// first frame or change that is planned: a link of a large topology that nothing crosses costs next to
// nothing. A link whose timeline repeats for ever keeps the simulation going for ever: stop it by time.
// Threading: as all of ns-3, one thread. Not here: ARP (one peer, so none is needed), flow
// control of queues above, whole topologies.
#pragma once

#include <ns3/callback.h>
#include <ns3/channel.h>
#include <ns3/mac48-address.h>
#include <ns3/net-device.h>
#include <ns3/node.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/traced-callback.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/core/hook_stage.h"
#include "emulator/core/link.h"
#include "emulator/hooks/hook_judge.h"
#include "topologies/model.h"
#include "topologies/wide/ghost_frame.h"

namespace longhaul::wide {

// Sets ns-3's time resolution to the picosecond; call it before anything else of ns-3 is touched;
// later calls do nothing.
void use_picoseconds();

class LinkDevice;

class LinkChannel : public ns3::Channel {
 public:
  static ns3::TypeId GetTypeId();
  explicit LinkChannel(const std::array<ns3::Ptr<LinkDevice>, 2>& ends) : ends_(ends) {}

  std::size_t GetNDevices() const override { return ends_.size(); }
  ns3::Ptr<ns3::NetDevice> GetDevice(std::size_t end) const override;

 private:
  void DoDispose() override;
  std::array<ns3::Ptr<LinkDevice>, 2> ends_;
};

class LinkDevice : public ns3::NetDevice {
 public:
  // Trace sources, each with the packet: "MacTxDrop", refused by Send() or dropped while it waited;
  // "PhyTxDrop", lost on the line or at its far end; "HookDrop", dropped by a hook. They run while the link
  // is being moved on: a trace sink must not send. "PromiscSniffer" has what came from the peer, with its
  // Ethernet header; not frames with a traveller.
  static ns3::TypeId GetTypeId();

  // Throws std::runtime_error unless ns-3 counts in picoseconds and `mtu` fits its 16 bits.
  LinkDevice(const core::LinkConfig& out, core::StreamOwner owner, std::uint64_t seed, std::uint32_t mtu);

  // Lets every frame that this device sends meet a hook before or after the link; before the first one is
  // sent. hooks::HookJudge answers as it does in the data plane.
  using Judge = std::function<core::HookAnswer(const hooks::MetFrame&)>;
  void meet_hook(lh_place place, Judge judge, Duration longest_delay);
  const core::HookCounters& hook_counters(lh_place place) const { return hooks_.at(place)->stage.counters(); }

  // Whoever wants to know which frame met what; `log` outlives the last of them.
  void log_decisions(core::DecisionLog* log);

  // Frames with a traveller: sent as Send() does, and handed to `take` in place of the receive callbacks of
  // the device that they reach.
  using TakeGhost = std::function<void(GhostFrame)>;
  bool send_ghost(GhostFrame ghost);
  void take_ghosts(TakeGhost take) { take_ghost_ = std::move(take); }

  // As core::Link has them.
  bool plan(Instant at, const core::Change& change);
  core::LinkState state() { return link().state(); }
  std::uint64_t changes_made() const { return link_ ? link_->changes_made() : 0; }

  // Joins two devices that have their nodes.
  static void join(const std::array<ns3::Ptr<LinkDevice>, 2>& ends);

  // Of the direction in which this device sends, now; in a trace sink as of the frame it is about.
  core::LinkCounters counters();
  // The most bytes that waited at once since the last such call.
  std::uint64_t take_interval_peak() { return link_ ? link_->take_interval_peak() : 0; }
  // Packets kept here because they wait, are being sent or are on the line: equals counters().held.frames.
  std::size_t packets_kept() const { return slots_.size() - free_slots_.size() - arrived_.size(); }

  void SetIfIndex(const std::uint32_t index) override { if_index_ = index; }
  std::uint32_t GetIfIndex() const override { return if_index_; }
  ns3::Ptr<ns3::Channel> GetChannel() const override { return channel_; }
  void SetAddress(ns3::Address address) override { address_ = ns3::Mac48Address::ConvertFrom(address); }
  ns3::Address GetAddress() const override { return address_; }
  bool SetMtu(const std::uint16_t mtu) override;  // up to the one it was made with
  std::uint16_t GetMtu() const override { return mtu_; }
  bool IsLinkUp() const override { return peer_ != nullptr; }
  void AddLinkChangeCallback(ns3::Callback<void>) override {}  // it never changes once joined
  bool IsBroadcast() const override { return true; }
  ns3::Address GetBroadcast() const override { return ns3::Mac48Address::GetBroadcast(); }
  bool IsMulticast() const override { return true; }
  ns3::Address GetMulticast(ns3::Ipv4Address group) const override;
  ns3::Address GetMulticast(ns3::Ipv6Address group) const override;
  bool IsBridge() const override { return false; }
  bool IsPointToPoint() const override { return true; }
  // False when the packet exceeds the MTU (it is then not counted: it never came to the link) or is refused
  // by the buffer or its queue management.
  bool Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address& destination, std::uint16_t protocol) override;
  bool SendFrom(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source, const ns3::Address& destination,
                std::uint16_t protocol) override;
  ns3::Ptr<ns3::Node> GetNode() const override { return node_; }
  void SetNode(ns3::Ptr<ns3::Node> node) override { node_ = node; }
  bool NeedsArp() const override { return false; }
  void SetReceiveCallback(ReceiveCallback callback) override { receive_ = callback; }
  void SetPromiscReceiveCallback(PromiscReceiveCallback callback) override { receive_all_ = callback; }
  bool SupportsSendFrom() const override { return true; }

 private:
  struct Sink;
  struct HookSink;
  struct Hook {
    core::HookStage stage;
    Judge judge;
  };

  bool offer(GhostFrame ghost);
  void enter(std::uint64_t cookie, Sink& sink);
  Instant next_event() const;
  void DoDispose() override;
  std::uint64_t keep(GhostFrame ghost);
  GhostFrame release(std::uint64_t cookie);
  core::Frame frame_of(const GhostFrame& ghost, std::uint64_t cookie) const;
  core::Link& link();
  bool take(ns3::Ptr<ns3::Packet> packet, const ns3::Mac48Address& source, const ns3::Address& destination,
            std::uint16_t protocol);
  void arm();
  void run_link();
  void move_on();
  void hand_over();
  void receive(const GhostFrame& ghost);

  core::LinkConfig config_;
  core::StreamOwner owner_;
  std::uint64_t seed_;
  std::optional<core::Link> link_;  // from its first frame on: see the head of this file
  core::DecisionLog* log_ = nullptr;
  std::array<std::optional<Hook>, 2> hooks_;  // by lh_place
  bool reads_headers_;
  bool moving_ = false;  // the link is at work and calls back
  std::uint16_t largest_mtu_;
  std::uint16_t mtu_;
  std::uint32_t if_index_ = 0;
  ns3::Mac48Address address_;
  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<LinkChannel> channel_;
  ns3::Ptr<LinkDevice> peer_;
  std::vector<GhostFrame> slots_;  // by cookie; grows to the most that were ever held
  std::vector<std::uint64_t> free_slots_;
  std::deque<std::uint64_t> arrived_;  // cookies: due now, on their way to the peer
  std::vector<Instant> armed_;         // times of the events in ns-3's hands, the next one last
  ReceiveCallback receive_;
  PromiscReceiveCallback receive_all_;
  TakeGhost take_ghost_;
  ns3::TracedCallback<ns3::Ptr<const ns3::Packet>> mac_tx_drop_;
  ns3::TracedCallback<ns3::Ptr<const ns3::Packet>> phy_tx_drop_;
  ns3::TracedCallback<ns3::Ptr<const ns3::Packet>> hook_drop_;
  ns3::TracedCallback<ns3::Ptr<const ns3::Packet>> sniffer_;
};

// Makes link number `index` of a topology between two nodes and adds a device to each. The result is by
// Direction: [kForward] is on nodes[0] and sends to nodes[1]. Index and seed pick the random streams.
std::array<ns3::Ptr<LinkDevice>, 2> connect(const topology::Link& link, std::uint32_t index,
                                            std::uint32_t mtu, std::uint64_t seed,
                                            const std::array<ns3::Ptr<ns3::Node>, 2>& nodes);

}  // namespace longhaul::wide
