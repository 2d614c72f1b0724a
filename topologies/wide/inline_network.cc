// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/inline_network.h"

#include <fmt/core.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "emulator/dataplane/choose_way.h"
#include "results/row_file.h"
#include "topologies/wide/inline_desk.h"
#include "topologies/wide/pcap_trace.h"

namespace longhaul::wide {
namespace {

using dataplane::InlineEntry;
using dataplane::Label;

constexpr std::size_t kAddress = 6, kProtocolAt = 2 * kAddress;

std::uint32_t payload_of(std::uint32_t size) {
  return size - std::min(size, kEthernetHeader);
}

ns3::Time step_of(Duration duration) {
  return ns3::TimeStep(duration.ps());
}

void put_head(GhostFrame& ghost, const InlineEntry& entry) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(entry.head.data());
  const std::uint32_t known =
      std::min(payload_of(entry.size), static_cast<std::uint32_t>(entry.head.size() - kEthernetHeader));
  ghost.destination.CopyFrom(bytes);
  ghost.source.CopyFrom(bytes + kAddress);
  ghost.protocol = static_cast<std::uint16_t>(bytes[kProtocolAt] << 8 | bytes[kProtocolAt + 1]);
  ghost.packet = ns3::Create<ns3::Packet>(bytes + kEthernetHeader, known);
  ghost.packet->AddPaddingAtEnd(payload_of(entry.size) - known);
}

}  // namespace

// One inline direction.
struct InlineNetwork::End {
  ns3::Ptr<LinkDevice> device;
  Duration hold;
  core::Tally returned{};  // frames of the data plane that ended their way here
  core::Tally passing{};   // in their hold on the way to another inline link
  std::uint64_t entered_late = 0;
  Duration latest_entry{};
  std::unique_ptr<results::RowFile<PcapTrace>> pcap{};
};

// Background on its way.
struct InlineNetwork::Flow {
  traffic::Source source;
  std::shared_ptr<const std::vector<std::uint32_t>> way;
  Label label;
};

InlineNetwork::InlineNetwork(const dataplane::EngineConfig& config, dataplane::InlineExchange& exchange)
    : config_(config),
      exchange_(exchange),
      simulator_(ns3::DynamicCast<PacedSimulator>(ns3::Simulator::GetImplementation())),
      desk_(std::make_shared<InlineDesk>(exchange)),
      ends_(config.directions.size()) {
  if (simulator_ == nullptr)
    throw std::runtime_error(
        "cannot drive links in ns-3: its simulator is not the one that keeps to a clock");
  dataplane::check_inline(config);
  for (std::size_t s = 0; s < config.sites.size(); ++s) sites_.push_back(ns3::CreateObject<ns3::Node>());
  for (std::uint32_t d = 0; d < ends_.size(); ++d) {
    if (config.directions[d].is_inline) add_end(d);
  }
  for (std::uint32_t d = 0; d < ends_.size(); ++d) {
    for (std::uint32_t back = 0; back < d; ++back) {
      if (ends_[d] && ends_[back] && config.directions[d].owner.link == config.directions[back].owner.link)
        join(back, d);
    }
  }
  tell_states();
  tell_states_again();
}

InlineNetwork::~InlineNetwork() {
  desk_->close();
  for (const std::unique_ptr<End>& end : ends_) {
    if (end) end->device->take_ghosts({});
  }
}

void InlineNetwork::add_end(std::uint32_t direction) {
  const dataplane::DirectionConfig& given = config_.directions[direction];
  const Duration hold = dataplane::hold_of(given.link, exchange_.hold);
  core::LinkConfig link = given.link;
  link.delay -= hold;
  for (core::Event& event : link.timeline.events) {
    if (event.change.delay) *event.change.delay -= hold;
  }
  for (core::Trace::Row& row : link.timeline.trace.rows) {
    if (row.change.delay) *row.change.delay -= hold;
  }
  if (link.reserve.delay > hold) link.reserve.delay -= hold;
  const auto mtu = static_cast<std::uint32_t>(config_.largest_frame.count()) - kEthernetHeader;
  ends_[direction] = std::make_unique<End>(
      End{.device = ns3::CreateObject<LinkDevice>(link, given.owner, config_.seed, mtu), .hold = hold});
  sites_[given.from_site]->AddDevice(ends_[direction]->device);
}

// Each end takes what the other sent.
void InlineNetwork::join(std::uint32_t forward, std::uint32_t reverse) {
  LinkDevice::join({ends_[forward]->device, ends_[reverse]->device});
  ends_[reverse]->device->take_ghosts(
      [this, forward](GhostFrame ghost) { arrive(forward, std::move(ghost)); });
  ends_[forward]->device->take_ghosts(
      [this, reverse](GhostFrame ghost) { arrive(reverse, std::move(ghost)); });
}

// What was entered up to `until` is read before anything runs beyond it.
Instant InlineNetwork::poll(Instant now) {
  desk_->flush();
  const Instant until =
      Instant::at(Duration::picoseconds(exchange_.entered_until.load(std::memory_order_acquire)));
  dataplane::ChangeOrder order;
  while (exchange_.changes.read(order)) change(order);
  InlineEntry entry;
  while (exchange_.entries.read(entry)) enter(entry);
  return std::min(now, until);
}

void InlineNetwork::change(const dataplane::ChangeOrder& order) {
  core::Change change = order.change;
  if (change.delay) *change.delay -= ends_[order.direction]->hold;
  // There is room: Engine::change() counts what waits.
  static_cast<void>(ends_[order.direction]->device->plan(order.at, change));
}

void InlineNetwork::enter(const InlineEntry& entry) {
  simulator_->advance_to(entry.at);
  End& end = *ends_[entry.direction];
  if (entry.at < simulator_->time()) {
    ++end.entered_late;
    end.latest_entry = std::max(end.latest_entry, simulator_->time() - entry.at);
  }
  ++entered_;
  GhostFrame ghost;
  if (exchange_.wants_heads) {
    put_head(ghost, entry);
  } else {
    ghost.packet = ns3::Create<ns3::Packet>(payload_of(entry.size));
  }
  ghost.traveller = std::make_shared<Traveller>(
      Traveller{std::make_shared<Passage>(desk_, entry.direction, entry.cookie), entry.label});
  end.device->send_ghost(std::move(ghost));
}

// At the far end of a direction, early by its hold.
void InlineNetwork::arrive(std::uint32_t direction, GhostFrame ghost) {
  End& end = *ends_[direction];
  const Instant due = simulator_->time() + end.hold;
  if (end.pcap) end.pcap->with([&](PcapTrace& trace) { trace.write(due.since_zero(), ghost.with_header()); });
  if (ghost.traveller->passage == nullptr) {
    const auto way = ghost.traveller->way;
    const std::size_t leg = ++ghost.traveller->leg;
    if (leg < way->size()) go_on(direction, (*way)[leg], std::move(ghost));
  } else if (const auto next = next_of(direction, ghost.traveller->label)) {
    ghost.traveller->label.clear_class();
    go_on(direction, *next, std::move(ghost));
  } else {
    end.returned.add(ghost.size());
    desk_->deliver(*ghost.traveller, direction, due);
  }
}

// The inline direction on which a frame goes on from the far end of another one, if that is where it goes.
std::optional<std::uint32_t> InlineNetwork::next_of(std::uint32_t direction, const Label& label) const {
  const std::size_t site = config_.directions[direction].to_site;
  const std::size_t egress = label.egress();
  if (egress == Label::kEveryone || egress == Label::kMacControl || egress == site) return std::nullopt;
  const std::vector<std::uint32_t>& ways = config_.sites[site].next_hops[egress];
  const std::uint32_t next = ways[dataplane::choose_way(ways.size(), label.flow(), site)];
  return config_.directions[next].is_inline ? std::optional(next) : std::nullopt;
}

void InlineNetwork::go_on(std::uint32_t from, std::uint32_t to, GhostFrame ghost) {
  const std::uint32_t size = ghost.size();
  ends_[from]->passing.add(size);
  const auto pass = [this, from, to, size, ghost = std::move(ghost)] {
    ends_[from]->passing.remove(size);
    ends_[to]->device->send_ghost(ghost);
  };
  if (ends_[from]->hold == Duration()) return pass();
  ns3::Simulator::Schedule(step_of(ends_[from]->hold), pass);
}

void InlineNetwork::add_traffic(const traffic::SourceConfig& source, core::StreamOwner owner,
                                const std::vector<std::uint32_t>& way, std::uint8_t traffic_class) {
  const auto flow = std::make_shared<Flow>(Flow{traffic::Source(source, owner, config_.seed),
                                                std::make_shared<const std::vector<std::uint32_t>>(way),
                                                {}});
  if (traffic_class < core::kMostClasses) flow->label.force_class(traffic_class);
  schedule(flow);
}

void InlineNetwork::schedule(const std::shared_ptr<Flow>& flow) {
  const Instant at = flow->source.peek().at;
  if (at == Instant::never()) return;
  ns3::Simulator::Schedule(step_of(at - simulator_->time()), [this, flow] {
    send(*flow);
    schedule(flow);
  });
}

void InlineNetwork::send(Flow& flow) {
  GhostFrame ghost;
  ghost.packet = ns3::Create<ns3::Packet>(payload_of(flow.source.take().size));
  ghost.traveller = std::make_shared<Traveller>(Traveller{nullptr, flow.label, flow.way});
  ++background_;
  ends_[flow.way->front()]->device->send_ghost(std::move(ghost));
}

void InlineNetwork::write_pcap(std::uint32_t direction, const std::filesystem::path& file) {
  ends_.at(direction)->pcap =
      std::make_unique<results::RowFile<PcapTrace>>(unwritten_, file, std::uint32_t{InlineEntry::kHead});
}

void InlineNetwork::tell_states_again() {
  ns3::Simulator::Schedule(step_of(config_.sample_interval), [this] {
    tell_states();
    tell_states_again();
  });
}

void InlineNetwork::tell_states() {
  for (std::uint32_t d = 0; d < ends_.size(); ++d) {
    if (!ends_[d]) continue;
    End& end = *ends_[d];
    dataplane::InlineState said;
    said.direction = d;
    said.counters = end.device->counters();
    said.counters.out.frames -= end.passing.frames;
    said.counters.out.bytes -= end.passing.bytes;
    said.counters.held = said.counters.held + end.passing;
    said.state = end.device->state();
    said.state.delay += end.hold;
    said.returned = end.returned;
    said.interval_peak_bytes = end.device->take_interval_peak();
    said.changes = end.device->changes_made();
    said.entered_late = end.entered_late;
    said.latest_entry = end.latest_entry;
    desk_->tell(said);
  }
}

// The data plane itself, and whatever else the machine does, need the rest.
Duration InlineNetwork::may_lag() const {
  constexpr std::int64_t kPart = 8;
  Duration least = exchange_.hold;
  for (const std::unique_ptr<End>& end : ends_) {
    if (end) least = std::min(least, end->hold);
  }
  return least / kPart;
}

void InlineNetwork::finish() {
  simulator_->advance_to(poll(Instant::never()));
  tell_states();
  for (const std::unique_ptr<End>& end : ends_)
    if (end && end->pcap) end->pcap->with([](PcapTrace& trace) { trace.close(); });
  exchange_.finished.store(true, std::memory_order_release);
}

LinkDevice& InlineNetwork::device(std::uint32_t direction) const {
  return *ends_.at(direction)->device;
}

InlineNetwork::Counters InlineNetwork::counters() const {
  return {entered_, desk_->delivered(), desk_->gone(), desk_->copies(), background_};
}

}  // namespace longhaul::wide
