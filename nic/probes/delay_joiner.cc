// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/delay_joiner.h"

#include <algorithm>

namespace longhaul::nic {

DelayJoiner::Flow* DelayJoiner::flow_of(const probe_flow_key& key) {
  const std::pair<FlowId, std::uint32_t> name(flow_id_of(key), key.host);
  const auto known = flows_.find(name);
  if (known != flows_.end()) return known->second.get();
  if (flows_.size() >= bounds_.flows) return nullptr;
  auto flow = std::make_unique<Flow>();
  flow->counts.flow = name.first;
  flow->counts.from = name.second;
  return flows_.emplace(name, std::move(flow)).first->second.get();
}

void DelayJoiner::add(const probe_stamp& stamp) {
  if (stamp.flow.direction == PROBE_EGRESS)
    leave(stamp);
  else
    arrive(stamp);
}

void DelayJoiner::leave(const probe_stamp& stamp) {
  Flow* flow = frames_.size() < bounds_.under_way ? flow_of(stamp.flow) : nullptr;
  if (flow == nullptr) {
    ++losses_.no_room;
    return;
  }
  ++flow->counts.stamped;
  const auto [at, is_new] = frames_.try_emplace(stamp.frame_hash);
  Frame& frame = at->second;
  if (!is_new && frame.state != State::kArrived) {
    flow->counts.ambiguous += frame.state == State::kUnderWay ? 2 : 1;
    frame.state = State::kAmbiguous;
  } else {
    frame = {flow, stamp.record.time_ns, State::kUnderWay};
  }
  frame.left_ns = stamp.record.time_ns;
  departures_.push_back({frame.left_ns, stamp.frame_hash});
}

void DelayJoiner::arrive(const probe_stamp& stamp) {
  const auto at = frames_.find(stamp.frame_hash);
  if (at == frames_.end()) {
    ++losses_.unknown;
    return;
  }
  Frame& frame = at->second;
  FlowDelay& counts = frame.flow->counts;
  if (frame.state == State::kArrived) ++counts.duplicates;
  if (frame.state != State::kUnderWay) return;
  frame.state = State::kArrived;
  const auto delay = Duration::nanoseconds(static_cast<std::int64_t>(stamp.record.time_ns - frame.left_ns));
  counts.min = counts.matched == 0 ? delay : std::min(counts.min, delay);
  counts.to = stamp.record.host;
  ++counts.matched;
  frame.flow->delays.record(delay);
}

void DelayJoiner::expire(std::uint64_t now_ns) {
  while (!departures_.empty() && departures_.front().left_ns + bounds_.longest_delay_ns < now_ns) {
    const Departure departure = departures_.front();
    departures_.pop_front();
    const auto at = frames_.find(departure.hash);
    // One that looks alike may have left since; its own entry comes later.
    if (at == frames_.end() || at->second.left_ns != departure.left_ns) continue;
    if (at->second.state == State::kUnderWay) ++at->second.flow->counts.lost;
    frames_.erase(at);
  }
}

std::vector<FlowDelay> DelayJoiner::flows() const {
  std::vector<FlowDelay> all;
  for (const auto& [name, flow] : flows_) {
    FlowDelay delay = flow->counts;
    delay.p50 = flow->delays.percentile(50);
    delay.p99 = flow->delays.percentile(99);
    delay.max = flow->delays.max();
    all.push_back(delay);
  }
  return all;
}

}  // namespace longhaul::nic
