// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/link_traces.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>
#include <system_error>

#include "scenarios/simulate/virtual_time.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint32_t kSnap = 128;  // headers with their options, and hardly any payload

}  // namespace

LinkTraces::LinkTraces(const Scenario& scenario, const wide::Network& network,
                       const std::filesystem::path& directory, std::vector<std::string>& unwritten)
    : directory_(directory) {
  if (!scenario.coupling.pcap) return;
  std::filesystem::create_directories(directory);
  std::vector<std::size_t> links = scenario.coupling.inline_links;
  if (links.empty()) {
    links.resize(scenario.topology.links.size());
    std::iota(links.begin(), links.end(), std::size_t{0});
  }
  for (const std::size_t link : links) {
    for (const topology::Direction d : {topology::kForward, topology::kReverse}) {
      const char* name = d == topology::kForward ? "forward" : "reverse";
      results::RowFile<wide::PcapTrace>& file = files_.emplace_back(
          unwritten, directory / fmt::format("{}-{}.pcap", scenario.topology.links[link].name, name), kSnap);
      const std::function<void(ns3::Ptr<const ns3::Packet>)> came =
          [&file](ns3::Ptr<const ns3::Packet> frame) {
            file.with([&](wide::PcapTrace& trace) { trace.write(simulated(), frame); });
          };
      // What one end sends the other one receives.
      network.device(link, d == topology::kForward ? topology::kReverse : topology::kForward)
          .TraceConnectWithoutContext("PromiscSniffer",
                                      ns3::Callback<void, ns3::Ptr<const ns3::Packet>>(came));
    }
  }
}

void LinkTraces::close() {
  for (results::RowFile<wide::PcapTrace>& file : files_)
    file.with([](wide::PcapTrace& trace) { trace.close(); });
  std::error_code not_empty;
  std::filesystem::remove(directory_, not_empty);
}

}  // namespace longhaul::scenario
