// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/flow_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

using nic::ConnectionEvent;
using testing::IsEmpty;

constexpr std::uint64_t kMs = 1'000'000;

// h0 and h1 at site a, h2 and h3 at site b, 5 ms apart.
const std::vector<ProbedHost> kHosts = {
    {"h0", "10.71.0.1", 0}, {"h1", "10.71.0.2", 0}, {"h2", "10.71.0.3", 1}, {"h3", "10.71.0.4", 1}};

nic::IpAddress address(std::size_t host) {
  return {4, {10, 71, 0, static_cast<std::uint8_t>(host + 1)}};
}

nic::ConnectionCount connection(std::uint64_t cookie, std::uint32_t from, std::size_t to) {
  nic::ConnectionCount end;
  end.cookie = cookie;
  end.host = from;
  end.local = address(from);
  end.remote = address(to);
  end.local_port = static_cast<std::uint16_t>(1'000 + cookie);
  end.remote_port = 5'001;
  end.rtt_min_us = 10'000;
  return end;
}

nic::ConnectionSample sample(std::uint64_t cookie, std::uint64_t at_ms, std::uint64_t acked,
                             std::uint32_t rtt_us = 10'000, ConnectionEvent event = ConnectionEvent::kRtt) {
  nic::ConnectionSample told;
  told.cookie = cookie;
  told.time_ns = at_ms * kMs;
  told.event = event;
  told.rtt_us = event == ConnectionEvent::kRtt ? rtt_us : 0;
  told.event_segments = event == ConnectionEvent::kRetransmission ? 2 : 0;
  told.bytes_acked = acked;
  return told;
}

// One second of four iterations.
results::CollectiveResult one_second() {
  results::CollectiveResult result;
  result.iterations = 4;
  result.began_ns = 1'000 * kMs;
  result.ended_ns = 2'000 * kMs;
  return result;
}

TEST(TrafficOf, CountsWhatWasAcknowledgedBetweenTheEdges) {
  SampleLog log;
  log.add(sample(1, 900, 1'000));
  log.add(sample(1, 1'005, 3'000));  // half a round trip after the start: sent before it
  log.add(sample(1, 1'500, 60'000));
  log.add(sample(1, 2'005, 1'003'000));  // half a round trip after the end: sent before it
  log.add(sample(1, 2'006, 9'000'000));
  const results::SizeTraffic traffic = traffic_of(one_second(), log, {connection(1, 0, 2)}, kHosts);
  EXPECT_DOUBLE_EQ(traffic.wan_bytes_per_iteration, 250'000);
  ASSERT_EQ(traffic.flows.size(), 1U);
  EXPECT_EQ(traffic.flows[0].flow, "tcp 10.71.0.1:1001 > 10.71.0.3:5001");
  EXPECT_EQ(traffic.flows[0].from, "h0");
  EXPECT_EQ(traffic.flows[0].to, "h2");
  EXPECT_DOUBLE_EQ(traffic.flows[0].goodput_bps, 8e6);
  EXPECT_DOUBLE_EQ(traffic.jain_index, 1);
}

TEST(TrafficOf, KnowsRoundTripsRetransmissionsAndTimeoutsOfThatTimeOnly) {
  SampleLog log;
  log.add(sample(1, 999, 0, 77'000));
  log.add(sample(1, 999, 0, 0, ConnectionEvent::kRetransmission));
  for (std::uint64_t i = 0; i < 100; ++i)
    log.add(sample(1, 1'000 + i, 0, static_cast<std::uint32_t>(100 - i)));
  log.add(sample(1, 1'500, 0, 0, ConnectionEvent::kRetransmission));
  log.add(sample(1, 1'600, 0, 0, ConnectionEvent::kRetransmission));
  log.add(sample(1, 1'600, 0, 0, ConnectionEvent::kTimeout));
  log.add(sample(1, 2'001, 0, 0, ConnectionEvent::kTimeout));
  const results::SizeTraffic traffic = traffic_of(one_second(), log, {connection(1, 0, 2)}, kHosts);
  EXPECT_EQ(traffic.rtt_samples, 100U);
  EXPECT_EQ(traffic.rtt_p50_us, 50);
  EXPECT_EQ(traffic.rtt_p99_us, 99);
  EXPECT_EQ(traffic.retransmitted_segments, 4U);
  EXPECT_EQ(traffic.timeouts, 1U);
}

TEST(TrafficOf, LooksAtFlowsBetweenSitesOnly) {
  SampleLog log;
  for (const std::uint64_t cookie : {1, 2, 3}) {
    log.add(sample(cookie, 1'500, 100'000));
    log.add(sample(cookie, 1'500, 100'000, 0, ConnectionEvent::kTimeout));
  }
  nic::ConnectionCount stranger = connection(3, 0, 2);
  stranger.remote = address(200);
  const results::SizeTraffic traffic =
      traffic_of(one_second(), log, {connection(1, 0, 1), connection(2, 2, 3), stranger}, kHosts);
  EXPECT_THAT(traffic.flows, IsEmpty());
  EXPECT_EQ(traffic.timeouts, 0U);
  EXPECT_EQ(traffic.rtt_samples, 0U);
  EXPECT_EQ(traffic.wan_bytes_per_iteration, 0);
}

// Jain: (3 + 1)^2 / (2 x (9 + 1)) = 0.8; the handshakes of the third take no part, but count as bytes.
TEST(TrafficOf, FairnessIsThatOfTheFlowsThatCarryTheData) {
  SampleLog log;
  log.add(sample(1, 1'500, 300'000));
  log.add(sample(2, 1'500, 100'000));
  log.add(sample(3, 1'500, 29'999));
  const results::SizeTraffic traffic =
      traffic_of(one_second(), log, {connection(1, 0, 2), connection(2, 3, 1), connection(3, 2, 0)}, kHosts);
  ASSERT_EQ(traffic.flows.size(), 2U);
  EXPECT_DOUBLE_EQ(traffic.jain_index, 0.8);
  EXPECT_DOUBLE_EQ(traffic.wan_bytes_per_iteration, 429'999.0 / 4);
}

TEST(SampleLog, LetsGoEverySecondRttWhenFullAndKeepsTheRest) {
  SampleLog log(8);
  for (std::uint64_t i = 0; i < 8; ++i) log.add(sample(i, i, 0));
  log.add(sample(99, 8, 0, 0, ConnectionEvent::kTimeout));          // makes room: 0 2 4 6 stay
  for (std::uint64_t i = 8; i < 14; ++i) log.add(sample(i, i, 0));  // every second: 8 10 12
  std::vector<std::uint64_t> kept;
  for (const SampleLog::Sample& s : log.samples()) kept.push_back(s.connection);
  EXPECT_THAT(kept, testing::ElementsAre(0, 2, 4, 6, 99, 8, 10, 12));
  EXPECT_EQ(log.left_out(), 0U);
}

TEST(SampleLog, CountsWhatItHasNoRoomFor) {
  SampleLog log(4);
  for (int i = 0; i < 6; ++i) log.add(sample(1, 1, 0, 0, ConnectionEvent::kRetransmission));
  log.add(sample(1, 1, 0));
  EXPECT_EQ(log.samples().size(), 4U);
  EXPECT_EQ(log.left_out(), 2U);
}

TEST(FlowResults, TcpStandsWhereItWasSent) {
  nic::ConnectionCount end = connection(7, 2, 0);
  end.retransmitted_segments = 3;
  end.bytes_acked = 1'000'000;
  const nic::FlowId id{address(2), address(0), IPPROTO_TCP, 1'007, 5'001, 0};
  nic::FlowCount sent{.flow = id,
                      .host = 2,
                      .frames = 700,
                      .bytes = 1'046'200,
                      .first_ns = 2'000 * kMs,
                      .last_ns = 3'000 * kMs,
                      .bursts = 5,
                      .largest_gap_ns = kMs};
  nic::FlowCount received = sent;
  received.host = 0;
  received.direction = nic::ProbeDirection::kReceived;
  nic::FlowCount roce{.flow = {address(2), address(0), IPPROTO_UDP, 9, 4'791, 17}, .host = 2};
  const auto rows = flow_results({roce, sent, received}, {end}, kHosts, 1'500 * kMs);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].host, "h0");
  EXPECT_FALSE(rows[0].sent);
  EXPECT_FALSE(rows[0].tcp.has_value());
  EXPECT_EQ(rows[1].host, "h2");
  EXPECT_TRUE(rows[1].sent);
  EXPECT_EQ(rows[1].protocol, "tcp");
  EXPECT_EQ(rows[1].source, "10.71.0.3");
  EXPECT_EQ(rows[1].destination_port, 5'001);
  EXPECT_EQ(rows[1].first_ns, static_cast<std::int64_t>(500 * kMs));
  EXPECT_EQ(rows[1].frames, 700U);
  ASSERT_TRUE(rows[1].tcp.has_value());
  EXPECT_EQ(rows[1].tcp->retransmitted_segments, 3U);
  EXPECT_DOUBLE_EQ(rows[1].goodput_bps, 8e6);
  EXPECT_EQ(rows[2].protocol, "roce");
  EXPECT_EQ(rows[2].queue_pair, 17U);
  EXPECT_EQ(rows[2].goodput_bps, 0);
}

TEST(DelayResults, AreHeldAgainstTheLinks) {
  const topology::Topology topology = topology::load_text(
      "name: t\nsites: { a: {}, b: {} }\nhosts: { h0: { site: a }, h2: { site: b } }\n"
      "links: { wan: { between: [a, b], delay: 5 ms, rate: 1 Gbit/s, reverse: { delay: 6 ms } } }\n",
      "t.yaml");
  nic::FlowDelay there;
  there.flow = {address(0), address(2), IPPROTO_UDP, 1, 2, 0};
  there.from = 0, there.to = 2;
  there.matched = 9;
  there.lost = 2;
  there.min = Duration::microseconds(5'030);
  nic::FlowDelay back = there, unseen = there;
  back.from = 2, back.to = 0;
  unseen.matched = 0;
  const auto rows = delay_results({there, back, unseen}, kHosts, topology);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].flow, "udp 10.71.0.1:1 > 10.71.0.3:2");
  EXPECT_EQ(rows[0].from, "h0");
  EXPECT_EQ(rows[0].to, "h2");
  EXPECT_EQ(rows[0].frames, 9U);
  EXPECT_EQ(rows[0].lost, 2U);
  EXPECT_EQ(rows[0].expected_ns, 5'000'000);
  EXPECT_EQ(rows[0].residual_ns(), 30'000);
  EXPECT_EQ(rows[1].residual_ns(), -970'000);
}

}  // namespace
}  // namespace longhaul::scenario
