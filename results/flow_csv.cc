// SPDX-License-Identifier: GPL-2.0-only
#include "results/flow_csv.h"

#include <cmath>

#include "results/csv_file.h"

namespace longhaul::results {
namespace {

constexpr const char* kHead =
    "host,direction,protocol,source,source_port,destination,destination_port,queue_pair,frames,bytes,first_s,"
    "last_s,bursts,largest_gap_s,retransmitted_segments,timeouts,srtt_us,rtt_samples,rtt_p50_us,rtt_p99_us,"
    "cwnd_segments,bytes_acked,goodput_bps";
constexpr int kTcpColumns = 9;

std::uint64_t rounded(double value) {
  return static_cast<std::uint64_t>(std::llround(value));
}

void add_tcp(CsvFile& file, const TcpEnd& tcp, double goodput_bps) {
  file.number(tcp.retransmitted_segments);
  file.number(tcp.timeouts);
  file.number(tcp.srtt_us);
  file.number(tcp.rtt_samples);
  for (const double rtt_us : {tcp.rtt_p50_us, tcp.rtt_p99_us}) {
    if (tcp.rtt_samples > 0) {
      file.number(rounded(rtt_us));
    } else {
      file.nothing();
    }
  }
  file.number(tcp.cwnd_segments);
  file.number(tcp.bytes_acked);
  file.number(rounded(goodput_bps));
}

void add(CsvFile& file, const FlowResult& flow) {
  file.text(flow.host);
  file.text(flow.sent ? "sent" : "received");
  file.text(flow.protocol);
  file.text(flow.source);
  file.number(flow.source_port);
  file.text(flow.destination);
  file.number(flow.destination_port);
  if (flow.protocol == "roce") {
    file.number(flow.queue_pair);
  } else {
    file.nothing();
  }
  file.number(flow.frames);
  file.number(flow.bytes);
  file.seconds(Duration::nanoseconds(flow.first_ns));
  file.seconds(Duration::nanoseconds(flow.last_ns));
  file.number(flow.bursts);
  file.seconds(Duration::nanoseconds(static_cast<std::int64_t>(flow.largest_gap_ns)));
  if (flow.tcp) {
    add_tcp(file, *flow.tcp, flow.goodput_bps);
  } else {
    for (int i = 0; i < kTcpColumns; ++i) file.nothing();
  }
  file.end_row();
}

}  // namespace

void write_flow_csv(const std::filesystem::path& path, const std::vector<FlowResult>& flows) {
  CsvFile file(path, kHead);
  for (const FlowResult& flow : flows) add(file, flow);
  file.close();
}

}  // namespace longhaul::results
