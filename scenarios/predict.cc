// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/predict.h"

#include <algorithm>
#include <array>

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::kForward;
using topology::kReverse;
using topology::Topology;

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint32_t kTcpIpHeaders = 20 + 20 + 12;  // IPv4, TCP, timestamps padded to 12 B

// What crosses each direction of each link, in any unit, indexed by link and Direction.
using Load = std::vector<std::array<double, 2>>;

std::size_t site_of(const Scenario& scenario, std::size_t rank) {
  return scenario.topology.hosts[scenario.workload.ranks[rank]].site;
}

// Adds `amount` to every direction on the way between two ranks; returns the propagation delay of that way.
Duration send(const Scenario& scenario, std::size_t from, std::size_t to, double amount, Load& load) {
  Duration delay;
  for (const topology::Hop& hop : path(scenario.topology, site_of(scenario, from), site_of(scenario, to))) {
    load[hop.link][hop.direction] += amount;
    delay += scenario.topology.links[hop.link].directions[hop.direction].delay;
  }
  return delay;
}

// Seconds until the direction that is worst off has carried its load of bytes.
double longest_transfer(const Topology& topology, const Load& load) {
  double longest = 0;
  for (std::size_t l = 0; l < load.size(); ++l) {
    for (const Direction d : {kForward, kReverse}) {
      const core::LinkConfig& line = topology.links[l].directions[d];
      longest = std::max(longest, load[l][d] / goodput(line.rate, line.framing, topology.mtu));
    }
  }
  return longest;
}

Duration ring(const Scenario& scenario, Bytes size) {
  const std::size_t n = scenario.workload.ranks.size();
  const std::size_t steps = 2 * (n - 1);
  const double piece = static_cast<double>(size.count()) / static_cast<double>(n);
  Load load(scenario.topology.links.size());
  std::vector<Duration> edges(n);  // in the order a piece travels: rank 0 -> n-1, n-1 -> n-2, ... 1 -> 0
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = (n - i) % n;
    edges[i] = send(scenario, from, n - 1 - i, static_cast<double>(steps) * piece, load);
  }
  Duration longest;
  for (std::size_t start = 0; start < n; ++start) {
    Duration chain;
    for (std::size_t step = 0; step < steps; ++step) chain += edges[(start + step) % n];
    longest = std::max(longest, chain);
  }
  return Duration::from_seconds(longest_transfer(scenario.topology, load)) + longest;
}

Duration halving_doubling(const Scenario& scenario, Bytes size) {
  const std::size_t n = scenario.workload.ranks.size();
  Duration sum;
  double message = static_cast<double>(size.count());
  for (std::size_t distance = 1; distance < n; distance *= 2) {
    message /= 2;
    Load load(scenario.topology.links.size());
    Duration longest;
    for (std::size_t rank = 0; rank < n; ++rank) {
      longest = std::max(longest, send(scenario, rank, rank ^ distance, message, load));
    }
    sum += longest + Duration::from_seconds(longest_transfer(scenario.topology, load));
  }
  return sum * 2;  // the all-gather is the reduce-scatter backwards
}

}  // namespace

double goodput(BitRate rate, core::Framing framing, std::uint32_t mtu) {
  const Bytes line = core::framed_size(Bytes(std::uint64_t{mtu} + kEthernetHeader), framing);
  return static_cast<double>(rate.bps()) / 8 * static_cast<double>(mtu - kTcpIpHeaders) /
         static_cast<double>(line.count());
}

std::vector<DirectionPrediction> predict_links(const Topology& topology) {
  const Bytes frame(std::uint64_t{topology.mtu} + kEthernetHeader);
  std::vector<DirectionPrediction> predictions;
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    for (const Direction d : {kForward, kReverse}) {
      const core::LinkConfig& line = topology.links[l].directions[d];
      const Bytes framed = core::framed_size(frame, line.framing);
      DirectionPrediction p;
      p.link = l;
      p.direction = d;
      p.goodput = goodput(line.rate, line.framing, topology.mtu);
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
  for (std::size_t r = 0; r < scenario.workload.ranks.size(); ++r) sites.push_back(site_of(scenario, r));
  std::sort(sites.begin(), sites.end());
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  std::vector<SitePair> pairs;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    for (std::size_t j = i + 1; j < sites.size(); ++j) {
      pairs.push_back({sites[i], sites[j],
                       propagation_delay(scenario.topology, sites[i], sites[j]) +
                           propagation_delay(scenario.topology, sites[j], sites[i])});
    }
  }
  return pairs;
}

Duration predicted_all_reduce(const Scenario& scenario, Bytes size) {
  if (scenario.workload.ranks.size() < 2) return {};
  switch (scenario.workload.algorithm) {
    case Algorithm::kRing:
      return ring(scenario, size);
    case Algorithm::kHalvingDoubling:
      return halving_doubling(scenario, size);
  }
  return {};
}

double algbw(Bytes size, Duration time) {
  return time > Duration() ? static_cast<double>(size.count()) / time.to_seconds() : 0;
}

double busbw(Bytes size, Duration time, std::size_t ranks) {
  const auto n = static_cast<double>(ranks);
  return ranks == 0 ? 0 : algbw(size, time) * 2 * (n - 1) / n;
}

}  // namespace longhaul::scenario
