// SPDX-License-Identifier: GPL-2.0-only
#include "tests/results/sample_record.h"

#include "results/judge.h"

namespace longhaul::results::testing {
namespace {

CollectiveResult collective(std::uint64_t size, double time_us, double predicted_us, double scheduled_us,
                            double host_cpus_busy) {
  CollectiveResult result;
  result.size_bytes = size;
  result.count = size / 4;
  for (int i = -2; i <= 2; ++i) result.times_us.push_back(time_us * (1 + 0.01 * i));
  result.time_us = time_us;
  result.algbw_gbps = static_cast<double>(size) / time_us / 1e3;
  result.busbw_gbps = result.algbw_gbps * 1.5;  // 2(n-1)/n, n = 4
  result.checked_iterations = 7;
  result.iterations = 5;
  result.predicted_us = predicted_us;
  result.scheduled_us = scheduled_us;
  result.host_cpus_busy = host_cpus_busy;
  return result;
}

DirectionResult direction(const char* from, const char* to, std::uint64_t in, std::uint64_t lost) {
  DirectionResult result{"wan", from, to, {}, {}};
  core::LinkCounters& counters = result.counters;
  counters.in = {in, in * 1514};
  counters.dropped[static_cast<std::size_t>(core::DropCause::kQueueFull)] = {lost, lost * 1514};
  counters.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)] = {2, 2 * 1514};
  counters.held = {3, 3 * 1514};
  counters.out = {in - lost - 5, (in - lost - 5) * 1514};
  counters.queue_bytes = 1514;
  counters.queue_peak_bytes = 1657500;
  result.lateness = {in - lost - 5, 0, 4200, 31200, 88700, 412345};
  return result;
}

constexpr Bounds kBounds{.lateness_p99 = Duration::microseconds(200),
                         .lateness_invalid = Duration::milliseconds(2),
                         .background_age_p99 = Duration::milliseconds(5),
                         .background_age_invalid = Duration::milliseconds(50)};

PortResult port(const char* host, std::uint64_t frames) {
  return {host,
          std::string("net_af_xdp_") + host + ",iface=lh-" + host,
          frames,
          frames * 1514,
          frames - 11,
          (frames - 11) * 1514,
          {{"rx_missed", 0}, {"rx_no_mbuf", 0}, {"tx_ring_full", 0}, {"veth_drop", 0}}};
}

}  // namespace

RunRecord sample_record() {
  RunRecord record;
  record.name = "first-light";
  record.started_utc = "2025-11-21T03:25:52Z";
  record.version = "0.1.0";
  record.revision = "0123456789ab";
  record.command_line = {"longhaul", "run", "first-light", "--seed", "7"};
  record.seed = 7;
  record.scenario_yaml = "scenario: first-light\nseed: 7\n";
  record.topology_yaml = "topology: atlanta-mount-pleasant\n";
  record.machine = {
      {"kernel", "6.1.0-28-amd64"}, {"cpu", "2 cores of a \"virtual\" CPU"}, {"hugepages", "none"}};
  record.ranks = 4;
  const char* hosts[] = {"atl-0", "mtp-0", "atl-1", "mtp-1"};
  for (int rank = 0; rank < 4; ++rank) {
    record.rank_processes.push_back({hosts[rank], 4100 + rank, "CPU, Gloo over TCP (cubic)"});
    record.ports.push_back(port(hosts[rank], 51234 + static_cast<std::uint64_t>(rank)));
  }
  record.algorithm = "ring";
  record.planned_sizes = {4096, 65536, 1048576};
  record.warmup = 2;
  record.iterations = 5;
  record.elapsed_s = 21.75;
  record.probes = {{"atl-0", "mtp-0", 13.2594, 13.301, 13.322, 13.390, 10, 10},
                   {"atl-1", "mtp-1", 13.2594, 13.298, 13.315, 13.401, 10, 10}};
  record.collectives = {collective(4096, 39912.25, 39778.6, 39800.5, 0.11),
                        collective(65536, 40480.5, 40613.4, 40200.25, 0.254),
                        collective(1048576, 53871.75, 53143.9, 53500, 0.92)};
  record.directions = {direction("Atlanta", "Mount Pleasant", 102468, 0),
                       direction("Mount Pleasant", "Atlanta", 98765, 17)};
  LoopResult loop;
  loop.cpu = 3;
  loop.turns = 9'876'543;
  loop.longest_turn_us = 1'850.5;
  loop.gaps = 41;
  loop.gap_ms = 12.25;
  loop.sleep_overrun_ms = 80;
  loop.slept_ms = 12'000;
  loop.cpu_ms = 7'900;
  loop.elapsed_ms = 20'000;
  loop.busiest = 0.62;
  loop.steal_ms = 30;
  loop.softirq_ms = 40;
  loop.irq_ms = 10;
  loop.run_delay_ms = 25.5;
  loop.involuntary_switches = 17;
  record.loops = {loop};
  record.switches = {{"Atlanta", 204900, 6, 0, 0}, {"Mount Pleasant", 197500, 6, 1, 2}};
  record.judgement = judge(record, kBounds);
  return record;
}

void add_host_probes(RunRecord& record) {
  HostProbesResult& probes = record.host_probes;
  FlowResult flow{"atl-0", true, "tcp", "10.71.0.1", "10.71.0.3", 40'000, 5'001};
  flow.frames = 1'200;
  flow.bytes = 1'800'000;
  flow.first_ns = 1'500'000'001;
  flow.last_ns = 2'500'000'001;
  flow.bursts = 12;
  flow.largest_gap_ns = 13'000'000;
  flow.tcp = TcpEnd{3, 1, 1'700'000, 13'400, 120, 77, 13'350.4, 14'900.6};
  flow.goodput_bps = 13.6e6;
  FlowResult other = flow;
  other.host = "mtp-0";
  other.sent = false;
  other.tcp.reset();
  probes.flows = {flow, other};
  probes.delays = {{"tcp 10.71.0.1:40000 > 10.71.0.3:5001", "atl-0", "mtp-0", 19, 1, 0, 6'630'000, 6'661'250,
                    6'684'000, 7'012'000}};
  probes.hosts = {{"atl-0", 3, 3, 3}};
  SizeTraffic traffic{3, 1, 77, 13'350.4, 14'900.6, 12'288, {}, 1};
  traffic.flows = {{"tcp 10.71.0.1:40000 > 10.71.0.3:5001", "atl-0", "mtp-0", 13.6e6}};
  record.collectives[0].traffic = traffic;
}

BackgroundResult sample_background() {
  BackgroundDirection direction{"wan", "Atlanta", "Mount Pleasant", 41'000, 40'000, 990, 10, 7};
  direction.carried = 0.62;
  direction.real_load = 0.31;
  direction.mean_share_left = 0.41;
  direction.least_share_left = 0.2;
  direction.mean_wait_us = 12.5;
  direction.most_wait_us = 250.25;
  direction.loss = 0.024;
  direction.mark = 0.0001;
  BackgroundResult background{10, 1, 81'000, 1.75, 20.5, {40'000, 1'100'000, 2'300'000, 9'000'000}, {}, {}};
  background.lag = {20'500, 9'000, 750'000, 8'000'000};
  background.directions = {direction};
  return background;
}

RunRecord eventful_record() {
  RunRecord record = sample_record();
  add_host_probes(record);
  DirectionResult& direction = record.directions[1];
  core::LinkCounters& counters = direction.counters;
  counters.duplicated = {4, 4 * 1514};
  counters.dropped[static_cast<std::size_t>(core::DropCause::kRed)] = {3, 3 * 1514};
  counters.dropped[static_cast<std::size_t>(core::DropCause::kHeadroomFull)] = {1, 1514};
  counters.marked[static_cast<std::size_t>(core::MarkCause::kRed)] = {70, 70 * 1514};
  counters.corrupted = {2, 3028};
  counters.reordered = 5;
  counters.pause = {12, 11, 1, 2, 123'456};
  direction.classes = 2;
  counters.classes[0] = {{90'000, 90'000 * 1514}, {20, 20 * 1514}, 70, 1514, {}};
  counters.classes[1] = {{8'765, 8'765 * 1514}, {}, 0, 0, Duration::microseconds(4'250)};
  record.ports[2].pause_frames = 9;
  record.ports[2].steering = {{"taken roce", 5}, {"passed no_match", 70}};
  direction.entered_late = 12;
  direction.latest_entry_ns = 45'600;
  record.unwritten = {"cannot write links.csv: No space left on device"};
  record.decisions = {97, 0};
  record.live_changes.add({3.25, "wan: delay 8 ms"});
  record.live_changes.add({4.5, "wan forward: loss 0.001"});
  record.background = sample_background();
  record.inline_links = InlineResult{
      {"metro"}, 2, 900, 880, 3, 15, 70'000, 250'000, 1.25, 20.5, {250'000, 0, 800'000, 2'000'000}};
  record.judgement = judge(record, kBounds);
  return record;
}

}  // namespace longhaul::results::testing
