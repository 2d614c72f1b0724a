// SPDX-License-Identifier: GPL-2.0-only
#include "results/flow_json.h"

#include <nlohmann/json.hpp>

namespace longhaul::results {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const OneWayDelay& delay) {
  return {{"flow", delay.flow},
          {"from", delay.from},
          {"to", delay.to},
          {"frames", delay.frames},
          {"lost", delay.lost},
          {"ambiguous", delay.ambiguous},
          {"expected_ns", delay.expected_ns},
          {"min_ns", delay.min_ns},
          {"p50_ns", delay.p50_ns},
          {"p99_ns", delay.p99_ns},
          {"residual_ns", delay.residual_ns()}};
}

Json to_json(const HostRetransmits& host) {
  return {{"host", host.host},
          {"retransmitted_segments",
           {{"sock_ops", host.sock_ops}, {"tracepoint", host.tracepoint}, {"tcp", host.tcp}}}};
}

template <typename Items>
Json list_of(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

}  // namespace

Json to_json(const HostProbesResult& probes) {
  return {{"why_not", probes.why_not.empty() ? Json(nullptr) : Json(probes.why_not)},
          {"flows", probes.flows.size()},
          {"hosts", list_of(probes.hosts)},
          {"one_way_delays", list_of(probes.delays)},
          {"lost",
           {{"samples", probes.samples_lost},
            {"stamps", probes.stamps_lost},
            {"connections", probes.connections_lost},
            {"flow_frames", probes.flow_frames_lost}}}};
}

Json to_json(const SizeTraffic& traffic) {
  Json flows = Json::array();
  for (const SizeTraffic::Flow& flow : traffic.flows) {
    flows.push_back(
        {{"flow", flow.flow}, {"from", flow.from}, {"to", flow.to}, {"goodput_bps", flow.goodput_bps}});
  }
  const auto measured = [&](double us) { return traffic.rtt_samples > 0 ? Json(us) : Json(nullptr); };
  return {{"retransmitted_segments", traffic.retransmitted_segments},
          {"timeouts", traffic.timeouts},
          {"rtt_samples", traffic.rtt_samples},
          {"rtt_p50_us", measured(traffic.rtt_p50_us)},
          {"rtt_p99_us", measured(traffic.rtt_p99_us)},
          {"wan_bytes_per_iteration", traffic.wan_bytes_per_iteration},
          {"flows", flows},
          {"jain_index", traffic.flows.empty() ? Json(nullptr) : Json(traffic.jain_index)}};
}

}  // namespace longhaul::results
