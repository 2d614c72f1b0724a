// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/flow_analysis.h"

#include <netinet/in.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "results/statistics.h"
#include "scenarios/path_floor.h"

namespace longhaul::scenario {
namespace {

using nic::ConnectionCount;
using nic::ConnectionEvent;

// What this end of a connection sends.
nic::FlowId sent_by(const ConnectionCount& end) {
  return {end.local, end.remote, IPPROTO_TCP, end.local_port, end.remote_port, 0};
}

double bits_per_second(std::uint64_t bytes, std::uint64_t ns) {
  return ns == 0 ? 0 : static_cast<double>(bytes) * 8e9 / static_cast<double>(ns);
}

results::TcpEnd tcp_end(const ConnectionCount& end) {
  results::TcpEnd tcp;
  tcp.retransmitted_segments = end.retransmitted_segments;
  tcp.timeouts = end.timeouts;
  tcp.bytes_acked = end.bytes_acked;
  tcp.srtt_us = end.srtt_us;
  tcp.cwnd_segments = end.cwnd_segments;
  tcp.rtt_samples = end.rtt_samples;
  tcp.rtt_p50_us = end.rtt_p50.to_seconds() * 1e6;
  tcp.rtt_p99_us = end.rtt_p99.to_seconds() * 1e6;
  return tcp;
}

// The connections that go to another site, by their cookies.
struct WanEnd {
  const ConnectionCount* end;
  const ProbedHost *from, *to;
  std::uint64_t acked_before = 0, acked_by = 0;
};

const ProbedHost* host_of(const std::vector<ProbedHost>& hosts, const nic::IpAddress& address) {
  const std::string text = address.text();
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const ProbedHost& host) { return host.address == text; });
  return found == hosts.end() ? nullptr : &*found;
}

std::unordered_map<std::uint64_t, WanEnd> wan_ends(const std::vector<ConnectionCount>& connections,
                                                   const std::vector<ProbedHost>& hosts) {
  std::unordered_map<std::uint64_t, WanEnd> ends;
  for (const ConnectionCount& end : connections) {
    const ProbedHost* const to = host_of(hosts, end.remote);
    const ProbedHost& from = hosts.at(end.host);
    if (to != nullptr && to->site != from.site) ends.emplace(end.cookie, WanEnd{&end, &from, to});
  }
  return ends;
}

double percentile(std::vector<std::uint32_t>& values, double percent) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(results::nearest_rank(percent, values.size()) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double jain_index(const std::vector<results::SizeTraffic::Flow>& flows) {
  double sum = 0, squares = 0;
  for (const auto& flow : flows) {
    sum += flow.goodput_bps;
    squares += flow.goodput_bps * flow.goodput_bps;
  }
  return squares == 0 ? 0 : sum * sum / (static_cast<double>(flows.size()) * squares);
}

// The flows that carry the data; what the others do are the library's handshakes.
std::vector<results::SizeTraffic::Flow> data_flows(const std::unordered_map<std::uint64_t, WanEnd>& ends,
                                                   std::uint64_t window_ns) {
  constexpr std::uint64_t kShareOfBusiest = 10;
  std::uint64_t most = 0;
  for (const auto& [cookie, wan] : ends) most = std::max(most, wan.acked_by - wan.acked_before);
  std::vector<results::SizeTraffic::Flow> flows;
  for (const auto& [cookie, wan] : ends) {
    const std::uint64_t acked = wan.acked_by - wan.acked_before;
    if (acked == 0 || acked < most / kShareOfBusiest) continue;
    flows.push_back(
        {sent_by(*wan.end).text(), wan.from->name, wan.to->name, bits_per_second(acked, window_ns)});
  }
  std::sort(flows.begin(), flows.end(), [](const auto& a, const auto& b) { return a.flow < b.flow; });
  return flows;
}

}  // namespace

void SampleLog::add(const nic::ConnectionSample& told) {
  if (told.event == ConnectionEvent::kRtt && seen_++ % every_ != 0) return;
  if (samples_.size() >= room_) thin_out();
  if (samples_.size() >= room_) {
    left_out_ += told.event != ConnectionEvent::kRtt;
    return;
  }
  samples_.push_back({told.cookie, told.time_ns, told.bytes_acked,
                      told.rtt_us != 0 ? told.rtt_us : told.srtt_us, told.event_segments, told.event});
}

void SampleLog::thin_out() {
  std::uint64_t rtts = 0;
  std::erase_if(samples_, [&](const Sample& sample) {
    return sample.event == ConnectionEvent::kRtt && rtts++ % 2 != 0;
  });
  every_ *= 2;
}

std::vector<results::FlowResult> flow_results(const std::vector<nic::FlowCount>& flows,
                                              const std::vector<ConnectionCount>& connections,
                                              const std::vector<ProbedHost>& hosts, std::int64_t epoch_ns) {
  std::map<std::pair<std::uint32_t, nic::FlowId>, const ConnectionCount*> ends;
  for (const ConnectionCount& end : connections) ends[{end.host, sent_by(end)}] = &end;
  std::vector<const nic::FlowCount*> ordered;
  for (const nic::FlowCount& flow : flows) ordered.push_back(&flow);
  std::sort(ordered.begin(), ordered.end(), [](const nic::FlowCount* a, const nic::FlowCount* b) {
    return std::tie(a->host, a->direction, a->flow) < std::tie(b->host, b->direction, b->flow);
  });
  std::vector<results::FlowResult> rows;
  for (const nic::FlowCount* flow : ordered) {
    results::FlowResult row;
    row.host = hosts.at(flow->host).name;
    row.sent = flow->direction == nic::ProbeDirection::kSent;
    row.protocol = flow->flow.queue_pair != 0 ? "roce" : flow->flow.protocol == IPPROTO_TCP ? "tcp" : "udp";
    row.source = flow->flow.source.text();
    row.destination = flow->flow.destination.text();
    row.source_port = flow->flow.source_port;
    row.destination_port = flow->flow.destination_port;
    row.queue_pair = flow->flow.queue_pair;
    row.frames = flow->frames;
    row.bytes = flow->bytes;
    row.first_ns = static_cast<std::int64_t>(flow->first_ns) - epoch_ns;
    row.last_ns = static_cast<std::int64_t>(flow->last_ns) - epoch_ns;
    row.bursts = flow->bursts;
    row.largest_gap_ns = flow->largest_gap_ns;
    const auto end = ends.find({flow->host, flow->flow});
    if (row.sent && end != ends.end()) {
      row.tcp = tcp_end(*end->second);
      row.goodput_bps = bits_per_second(row.tcp->bytes_acked, flow->last_ns - flow->first_ns);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<results::OneWayDelay> delay_results(const std::vector<nic::FlowDelay>& delays,
                                                const std::vector<ProbedHost>& hosts,
                                                const topology::Topology& topology) {
  std::map<std::pair<std::size_t, std::size_t>, Duration> least;
  std::vector<results::OneWayDelay> rows;
  for (const nic::FlowDelay& delay : delays) {
    if (delay.matched == 0) continue;
    const ProbedHost &from = hosts.at(delay.from), &to = hosts.at(delay.to);
    const auto [expected, is_new] = least.try_emplace({from.site, to.site});
    if (is_new) expected->second = least_delay(topology, from.site, to.site);
    rows.push_back({delay.flow.text(), from.name, to.name, delay.matched, delay.lost, delay.ambiguous,
                    expected->second.ns(), delay.min.ns(), delay.p50.ns(), delay.p99.ns()});
  }
  return rows;
}

results::SizeTraffic traffic_of(const results::CollectiveResult& result, const SampleLog& log,
                                const std::vector<ConnectionCount>& connections,
                                const std::vector<ProbedHost>& hosts) {
  results::SizeTraffic traffic;
  std::unordered_map<std::uint64_t, WanEnd> ends = wan_ends(connections, hosts);
  std::vector<std::uint32_t> rtts;
  const auto began = static_cast<std::uint64_t>(result.began_ns);
  const auto ended = static_cast<std::uint64_t>(result.ended_ns);
  for (const SampleLog::Sample& sample : log.samples()) {
    const auto found = ends.find(sample.connection);
    if (found == ends.end()) continue;
    WanEnd& wan = found->second;
    // What was sent by an instant is acknowledged half a round trip after it came in, and what is sent after
    // it not before a whole one; ranks begin and end within half of one.
    const std::uint64_t half = std::uint64_t{wan.end->rtt_min_us} * 1'000 / 2;
    if (sample.time_ns <= began + half) wan.acked_before = std::max(wan.acked_before, sample.bytes_acked);
    if (sample.time_ns <= ended + half) wan.acked_by = std::max(wan.acked_by, sample.bytes_acked);
    if (sample.time_ns < began || sample.time_ns > ended) continue;
    if (sample.event == ConnectionEvent::kRtt) rtts.push_back(sample.rtt_us);
    if (sample.event == ConnectionEvent::kTimeout) ++traffic.timeouts;
    if (sample.event == ConnectionEvent::kRetransmission) traffic.retransmitted_segments += sample.segments;
  }
  std::uint64_t acked = 0;
  for (const auto& [cookie, wan] : ends) acked += wan.acked_by - wan.acked_before;
  if (result.iterations > 0) traffic.wan_bytes_per_iteration = static_cast<double>(acked) / result.iterations;
  traffic.rtt_samples = rtts.size();
  traffic.rtt_p50_us = percentile(rtts, 50);
  traffic.rtt_p99_us = percentile(rtts, 99);
  traffic.flows = data_flows(ends, ended - began);
  traffic.jain_index = jain_index(traffic.flows);
  return traffic;
}

}  // namespace longhaul::scenario
