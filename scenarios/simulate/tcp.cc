// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/tcp.h"

#include <fmt/format.h>
#include <ns3/boolean.h>
#include <ns3/config.h>
#include <ns3/nstime.h>
#include <ns3/string.h>
#include <ns3/type-id.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string_view>

namespace longhaul::scenario {
namespace {

struct Control {
  std::string_view name;  // the kernel's
  const char* type;       // ns-3's
};
constexpr std::array kControls{Control{"bbr", "ns3::TcpBbr"},
                               Control{"bic", "ns3::TcpBic"},
                               Control{"cubic", "ns3::TcpCubic"},
                               Control{"dctcp", "ns3::TcpDctcp"},
                               Control{"highspeed", "ns3::TcpHighSpeed"},
                               Control{"htcp", "ns3::TcpHtcp"},
                               Control{"hybla", "ns3::TcpHybla"},
                               Control{"illinois", "ns3::TcpIllinois"},
                               Control{"lp", "ns3::TcpLp"},
                               Control{"reno", "ns3::TcpLinuxReno"},
                               Control{"scalable", "ns3::TcpScalable"},
                               Control{"vegas", "ns3::TcpVegas"},
                               Control{"veno", "ns3::TcpVeno"},
                               Control{"westwood", "ns3::TcpWestwood"},
                               Control{"yeah", "ns3::TcpYeah"}};

ns3::TypeId type_of(const std::string& name) {
  const auto control =
      std::find_if(kControls.begin(), kControls.end(), [&](const Control& c) { return c.name == name; });
  ns3::TypeId type;
  if (control == kControls.end() || !ns3::TypeId::LookupByNameFailSafe(control->type, &type)) {
    std::string names;
    for (const Control& c : kControls) names += fmt::format("{}{}", names.empty() ? "" : ", ", c.name);
    throw std::runtime_error(fmt::format(
        "cannot simulate congestion control {}: ns-3 has none of that name, allowed: {}; or run it "
        "with --mode emulate",
        name, names));
  }
  return type;
}

}  // namespace

Bytes tcp_window(const Scenario& scenario) {
  const topology::Topology& topology = scenario.topology;
  std::set<std::size_t> sites;
  for (const std::size_t rank : scenario.workload.ranks) sites.insert(topology.hosts[rank].site);
  std::uint64_t largest = 0;
  for (const std::size_t from : sites) {
    for (const std::size_t to : sites)
      largest = std::max(largest, topology::most_under_way(topology, from, to).count());
  }
  constexpr std::uint64_t kAtLeast = 4 * 1024 * 1024, kAtMost = 1024 * 1024 * 1024;
  return Bytes(std::clamp(2 * largest, kAtLeast, kAtMost));
}

Bytes send_window(const Scenario& scenario, std::size_t from_host, std::size_t to_host) {
  const topology::Topology& topology = scenario.topology;
  const BitRate rate = topology.hosts[from_host].rate;
  const std::size_t from = topology.hosts[from_host].site, to = topology.hosts[to_host].site;
  bool host_is_slowest = rate != BitRate();
  for (const topology::Hop& hop : topology::path(topology, from, to))
    host_is_slowest &= rate <= topology.links[hop.link].directions[hop.direction].rate;
  if (!host_is_slowest) return tcp_window(scenario);
  constexpr Bytes kTwoBuffers{2 * 64 * 1024};
  const Duration round_trip =
      topology::propagation_delay(topology, from, to) + topology::propagation_delay(topology, to, from);
  return bytes_in(rate, round_trip + Duration::milliseconds(1)) + kTwoBuffers;
}

void set_up_tcp(const Scenario& scenario) {
  using ns3::Config::SetDefault;
  constexpr std::uint32_t kIpAndTcp = 20 + 20 + 12;  // with timestamps
  const ns3::UintegerValue window(tcp_window(scenario).count());
  SetDefault("ns3::TcpL4Protocol::SocketType",
             ns3::TypeIdValue(type_of(scenario.workload.congestion_control)));
  SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(scenario.topology.mtu - kIpAndTcp));
  SetDefault("ns3::TcpSocket::SndBufSize", window);
  SetDefault("ns3::TcpSocket::RcvBufSize", window);
  SetDefault("ns3::TcpSocket::InitialCwnd", ns3::UintegerValue(10));
  SetDefault("ns3::TcpSocket::TcpNoDelay", ns3::BooleanValue(true));  // Gloo asks for it
  SetDefault("ns3::TcpSocket::DelAckTimeout", ns3::TimeValue(ns3::MilliSeconds(40)));
  SetDefault("ns3::TcpSocket::ConnTimeout", ns3::TimeValue(ns3::Seconds(1)));
  SetDefault("ns3::TcpSocketBase::MinRto", ns3::TimeValue(ns3::MilliSeconds(200)));
  // DCTCP cannot do without marks.
  const bool ecn = scenario.workload.ecn || scenario.workload.congestion_control == "dctcp";
  SetDefault("ns3::TcpSocketBase::UseEcn", ns3::StringValue(ecn ? "On" : "Off"));
}

}  // namespace longhaul::scenario
