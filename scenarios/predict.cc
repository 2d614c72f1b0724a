// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/predict.h"

#include <algorithm>
#include <array>

#include "scenarios/line_load.h"

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::kForward;
using topology::kReverse;
using topology::Topology;

constexpr std::uint32_t kEthernetHeader = 14;

std::size_t left_of(std::size_t rank, std::size_t ranks) {
  return (rank + ranks - 1) % ranks;
}

Duration closed_form_ring(const Scenario& scenario, Bytes size) {
  const std::size_t n = scenario.workload.ranks.size();
  const std::size_t steps = 2 * (n - 1);
  const double piece = static_cast<double>(size.count()) / static_cast<double>(n);
  LineLoad load(scenario);
  std::vector<Duration> edges(n);  // in the order a piece travels: rank 0 -> n-1, n-1 -> n-2, ... 1 -> 0
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = (n - i) % n;
    load.send(from, left_of(from, n), static_cast<double>(steps) * piece);
    edges[i] = rank_delay(scenario, from, left_of(from, n));
  }
  Duration longest;
  for (std::size_t start = 0; start < n; ++start) {
    Duration chain;
    for (std::size_t step = 0; step < steps; ++step) chain += edges[(start + step) % n];
    longest = std::max(longest, chain);
  }
  return Duration::from_seconds(load.longest_transfer()) + longest;
}

struct Edge {  // of the ring: rank r -> r-1
  double seconds_per_byte = 0;
  double delay = 0, delay_back = 0;  // seconds
};

std::vector<Edge> ring_edges(const Scenario& scenario) {
  const std::size_t n = scenario.workload.ranks.size();
  LineLoad crossings(scenario);
  for (std::size_t r = 0; r < n; ++r) crossings.send(r, left_of(r, n), 1);
  std::vector<Edge> edges(n);
  for (std::size_t r = 0; r < n; ++r) {
    const std::size_t left = left_of(r, n);
    double slowest = host_goodput(scenario, r);
    for (const topology::Hop& hop : rank_way(scenario, r, left)) {
      slowest = std::min(slowest,
                         line_goodput(scenario.topology, hop.link, hop.direction) / crossings.on(hop).most());
    }
    edges[r] = {1 / slowest, rank_delay(scenario, r, left).to_seconds(),
                rank_delay(scenario, left, r).to_seconds()};
  }
  return edges;
}

// Max-plus recursion over the order of events in Gloo's ring; times in seconds from a common start.
Duration scheduled_ring(const Scenario& scenario, Bytes size) {
  const std::vector<Edge> edges = ring_edges(scenario);
  const std::size_t n = edges.size();
  const std::size_t segments = 2 * n;  // per phase; the last two iterations of a phase only wait
  const double segment = static_cast<double>(size.count()) / static_cast<double>(segments);
  constexpr std::size_t kPhases = 2;  // reduce-scatter, all-gather
  // By rank: when it reached this iteration, when its line is free, and when iteration i's send began and
  // receive was over, at [i % 2] since i is waited for in i + 2.
  std::vector<double> reached(n), line_free(n);
  std::vector<std::array<double, 2>> begun(n), received(n);
  for (std::size_t k = 0; k < kPhases * segments; ++k) {
    const std::size_t i = k % segments;
    for (std::size_t r = 0; i >= 2 && r < n; ++r) {
      reached[r] = std::max({reached[r], begun[r][i % 2], received[r][i % 2]});
    }
    if (i + 2 >= segments) continue;
    for (std::size_t r = 0; r < n; ++r) {
      const std::size_t left = left_of(r, n);
      const double start = std::max({reached[r], reached[left] + edges[r].delay_back, line_free[r]});
      line_free[r] = start + segment * edges[r].seconds_per_byte;
      begun[r][i % 2] = start;
      received[left][i % 2] = line_free[r] + edges[r].delay;
    }
  }
  return Duration::from_seconds(*std::max_element(reached.begin(), reached.end()));
}

enum class Handshake : std::uint8_t { kNone, kNotification };  // after each message, one way back

Duration halving_doubling(const Scenario& scenario, Bytes size, Handshake handshake) {
  const std::size_t n = scenario.workload.ranks.size();
  Duration sum;
  double message = static_cast<double>(size.count());
  for (std::size_t distance = 1; distance < n; distance *= 2) {
    message /= 2;
    LineLoad load(scenario);
    Duration longest;
    for (std::size_t rank = 0; rank < n; ++rank) {
      const std::size_t peer = rank ^ distance;
      load.send(rank, peer, message);
      Duration path = rank_delay(scenario, rank, peer);
      if (handshake == Handshake::kNotification) path += rank_delay(scenario, peer, rank);
      longest = std::max(longest, path);
    }
    sum += longest + Duration::from_seconds(load.longest_transfer());
  }
  return sum * 2;  // the all-gather is the reduce-scatter backwards
}

}  // namespace

double goodput(BitRate rate, core::Framing framing, std::uint32_t mtu, Bytes overhead) {
  constexpr std::uint32_t kTcpIpHeaders = 20 + 20 + 12;  // IPv4, TCP, timestamps padded to 12 B
  const Bytes line = core::framed_size(Bytes(std::uint64_t{mtu} + kEthernetHeader) + overhead, framing);
  return static_cast<double>(rate.bps()) / 8 * static_cast<double>(mtu - kTcpIpHeaders) /
         static_cast<double>(line.count());
}

std::vector<DirectionPrediction> predict_links(const Topology& topology) {
  const Bytes frame(std::uint64_t{topology.mtu} + kEthernetHeader);
  std::vector<DirectionPrediction> predictions;
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    for (const Direction d : {kForward, kReverse}) {
      const core::LinkConfig& line = topology.links[l].directions[d];
      const Bytes framed = core::counted_size(frame, line);
      DirectionPrediction p;
      p.link = l;
      p.direction = d;
      p.goodput = goodput(line.rate, line.framing, topology.mtu, line.overhead);
      p.bdp = bytes_in(line.rate, round_trip(topology.links[l]));
      p.in_flight = bytes_in(line.rate, line.delay);
      const std::uint64_t waiting = line.buffer.count() / frame.count();
      p.full_queue_delay = serialisation_time(Bytes(waiting * framed.count()), line.rate);
      p.frames = waiting + 1 + p.in_flight.count() / framed.count() + 1;
      p.memory = Bytes(p.frames * frame.count());
      predictions.push_back(p);
    }
  }
  return predictions;
}

std::vector<SitePair> rank_round_trips(const Scenario& scenario) {
  std::vector<std::size_t> sites;
  for (std::size_t r = 0; r < scenario.workload.ranks.size(); ++r)
    sites.push_back(rank_host(scenario, r).site);
  std::sort(sites.begin(), sites.end());
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  std::vector<SitePair> pairs;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    for (std::size_t j = i + 1; j < sites.size(); ++j) {
      pairs.push_back({sites[i], sites[j],
                       propagation_delay(scenario.topology, sites[i], sites[j]) +
                           propagation_delay(scenario.topology, sites[j], sites[i]),
                       equal_paths(scenario.topology, sites[i], sites[j])});
    }
  }
  return pairs;
}

Duration closed_form_all_reduce(const Scenario& scenario, Bytes size) {
  if (scenario.workload.ranks.size() < 2 || !scenario.workload.is_gloos()) return {};
  return scenario.workload.algorithm == Algorithm::kRing ? closed_form_ring(scenario, size)
                                                         : halving_doubling(scenario, size, Handshake::kNone);
}

Duration scheduled_all_reduce(const Scenario& scenario, Bytes size) {
  if (scenario.workload.ranks.size() < 2 || !scenario.workload.is_gloos()) return {};
  return scenario.workload.algorithm == Algorithm::kRing
             ? scheduled_ring(scenario, size)
             : halving_doubling(scenario, size, Handshake::kNotification);
}

double algbw(Bytes size, Duration time) {
  return time > Duration() ? static_cast<double>(size.count()) / time.to_seconds() : 0;
}

double busbw(Bytes size, Duration time, std::size_t ranks, CollectiveKind kind) {
  if (ranks == 0) return 0;
  const auto n = static_cast<double>(ranks);
  const double share = (n - 1) / n;
  switch (kind) {
    case CollectiveKind::kAllReduce:
      return algbw(size, time) * 2 * share;
    case CollectiveKind::kReduceScatter:
    case CollectiveKind::kAllGather:
    case CollectiveKind::kAllToAll:
      return algbw(size, time) * share;
    case CollectiveKind::kBroadcast:
      return algbw(size, time);
  }
  return 0;
}

}  // namespace longhaul::scenario
