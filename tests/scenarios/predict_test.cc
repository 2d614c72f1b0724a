// SPDX-License-Identifier: GPL-2.0-only
//
// Golden values worked out by hand; the arithmetic stands beside them.
#include "scenarios/predict.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/load.h"
#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

constexpr double kGoodput = 125e6 * 1448 / 1538;  // 117.685 MB/s: 1 Gbit/s, mtu 1500, framing wire

// Sites a and b, `at_a` and then `at_b` ranks, one link of 1 Gbit/s and 6.63 ms.
Scenario two_sites(int at_a, int at_b, const std::string& link = "delay: 6.63 ms, rate: 1 Gbit/s") {
  std::string hosts;
  for (int h = 0; h < at_a + at_b; ++h)
    hosts += fmt::format("h{}: {{ site: {} }}, ", h, h < at_a ? "a" : "b");
  Scenario s;
  s.topology = topology::load_text(fmt::format("name: t\nsites: {{ a: {{}}, b: {{}} }}\nhosts: {{ {} }}\n"
                                               "links: {{ wan: {{ between: [a, b], {} }} }}\n",
                                               hosts, link),
                                   "t.yaml");
  for (std::size_t h = 0; h < s.topology.hosts.size(); ++h) s.workload.ranks.push_back(h);
  return s;
}

double ms(Duration d) {
  return d.to_seconds() * 1e3;
}

TEST(Predict, GoodputOfTcpWithTimestamps) {
  const BitRate rate = BitRate::gigabits_per_second(1);
  EXPECT_NEAR(goodput(rate, core::Framing::kWire, 1500), 117'685'305.6, 0.1);  // 125e6 x 1448 / 1538
  EXPECT_NEAR(goodput(rate, core::Framing::kL2, 1500), 119'550'858.7, 0.1);    // 125e6 x 1448 / 1514
  EXPECT_NEAR(goodput(rate, core::Framing::kWire, 1500, Bytes(32)), 115'286'624.2,
              0.1);                                                            // ... / 1570, MACsec
  EXPECT_NEAR(goodput(rate, core::Framing::kWire, 9000), 123'755'255.6, 0.1);  // 125e6 x 8948 / 9038
}

TEST(Predict, LinkFigures) {
  const auto links = predict_links(two_sites(1, 1).topology);
  ASSERT_EQ(links.size(), 2u);
  const DirectionPrediction& p = links[0];
  EXPECT_EQ(p.bdp, Bytes(1'657'500));      // 125e6 B/s x 13.26 ms
  EXPECT_EQ(p.in_flight, Bytes(828'750));  // 125e6 B/s x 6.63 ms
  // 1,657,500 B hold 1,094 frames of 1,514 B; each takes 1,538 B of time on the wire.
  EXPECT_EQ(p.full_queue_delay, Duration::nanoseconds(1'094 * 12'304));
  EXPECT_EQ(p.frames, 1'094u + 1 + 538 + 1);  // 828,750 / 1,538 = 538.8
  EXPECT_EQ(p.memory, Bytes(1'634 * 1'514));
  EXPECT_EQ(links[1].direction, topology::kReverse);
}

TEST(Predict, LinkFiguresOfEachDirection) {
  const auto links = predict_links(two_sites(1, 1,
                                             "delay: 5 ms, rate: 1 Gbit/s, framing: l2, "
                                             "reverse: { delay: 7 ms, rate: 500 Mbit/s }")
                                       .topology);
  EXPECT_EQ(links[0].bdp, Bytes(1'500'000));  // both use the round trip of 12 ms
  EXPECT_EQ(links[1].bdp, Bytes(750'000));
  EXPECT_EQ(links[0].in_flight, Bytes(625'000));
  EXPECT_EQ(links[1].in_flight, Bytes(437'500));
  EXPECT_EQ(links[0].full_queue_delay,
            Duration::nanoseconds(990 * 12'112));  // 990 frames of 1,514 B at 8 ns/B
}

// Two contiguous sites: the longest chain of 2(n-1) steps crosses the link 2, 3, 3, 4, 4 times for n = 2, 3,
// 4, 5, 6.
TEST(Predict, RingCrossesTheLinkAsOftenAsTheLongestChain) {
  const double expected[] = {2, 3, 3, 4, 4};
  for (int n = 2; n <= 6; ++n) {
    const Scenario s = two_sites((n + 1) / 2, n / 2);
    const double transfer = 2.0 * (n - 1) * (60e3 / n) / kGoodput * 1e3;
    EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(60'000))), transfer + expected[n - 2] * 6.63, 1e-6) << n;
  }
}

TEST(Predict, RingOfFourRanks) {
  const Scenario s = two_sites(2, 2);
  // 6 x 4 MiB / 117.685 MB/s + 3 x 6.63 ms = 213.840 + 19.890
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 233.730, 0.001);
  // 6 x 1 KiB / 117.685 MB/s + 19.890
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(4'096))), 19.942, 0.001);
}

TEST(Predict, RingThatAlternatesBetweenSitesSharesTheLink) {
  Scenario s = two_sites(2, 2);
  s.workload.ranks = {0, 2, 1, 3};
  // Each direction carries 2 of the 4 edges: twice the time; every one of the 6 steps crosses.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 2 * 213.840 + 6 * 6.63, 0.002);
}

TEST(Predict, RingIsBoundByItsWorseDirection) {
  const Scenario s =
      two_sites(2, 2, "rate: 1 Gbit/s, delay: 5 ms, reverse: { rate: 250 Mbit/s, delay: 7 ms }");
  // Chains: a-b-a is 5 + 7 + 5, b-a-b is 7 + 5 + 7 = 19 ms; the rate is a quarter.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 4 * 213.840 + 19, 0.002);
}

TEST(Predict, HalvingDoublingOfFourRanks) {
  Scenario s = two_sites(2, 2);
  s.workload.algorithm = Algorithm::kHalvingDoubling;
  // Step 0 stays inside the sites. Step 1: 0-2 and 1-3 send S/4 = 4 MiB each, 8 MiB per direction:
  // 2 x (6.63 ms + 8 MiB / 117.685 MB/s) = 2 x (6.63 + 71.280).
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 155.820, 0.001);
  s.workload.ranks = {0, 2, 1, 3};
  // Now step 0 crosses, with S/2 = 8 MiB from two ranks: 2 x (6.63 + 16 MiB / 117.685 MB/s).
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 298.380, 0.001);
}

// All hosts get this rate.
Scenario with_host_rate(Scenario s, BitRate rate) {
  for (topology::Host& host : s.topology.hosts) host.rate = rate;
  return s;
}

TEST(Predict, ClosedFormsAreBoundByHostRates) {
  Scenario s = two_sites(2, 2);
  s.topology.hosts[1].rate = BitRate::bits_per_second(250'000'000);  // one slow host slows the whole ring
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 4 * 213.840 + 3 * 6.63, 0.002);
  s = with_host_rate(two_sites(2, 2), BitRate::gigabits_per_second(1));
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 233.730, 0.001);  // as without
  s.workload.algorithm = Algorithm::kHalvingDoubling;
  // Step 0 now takes each host 8 MiB / 117.685 MB/s = 71.280 ms, twice; in step 1 the link is the worse.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 155.820 + 142.560, 0.002);
  // The host's line counts preamble, FCS and gap whatever the link's framing: all four at one site.
  s = with_host_rate(two_sites(4, 0, "delay: 1 ms, rate: 1 Gbit/s, framing: l2"),
                     BitRate::gigabits_per_second(1));
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(16 << 20))), 213.840, 0.001);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(16 << 20))), 213.840, 0.001);
}

TEST(Predict, ScheduledRingOfTwoRanksByHand) {
  // Per phase 2 segments of S/4 each way, t = S/4B: "ready" arrives at d, the segments leave at d and d + t,
  // the second is there at 2d + 2t. Two phases: 4d + S/B.
  EXPECT_NEAR(ms(scheduled_all_reduce(two_sites(1, 1), Bytes(60'000))), 4 * 6.63 + 60e6 / kGoodput, 1e-6);
  // "ready" goes the other way than its segment: each round costs 5 + 7 ms from both sides; the directions'
  // goodputs do not mix: the slower sends 15 kB four times at a quarter of the rate.
  const Scenario s =
      two_sites(1, 1, "rate: 1 Gbit/s, delay: 5 ms, reverse: { rate: 250 Mbit/s, delay: 7 ms }");
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(60'000))), 24 + 4 * 60e6 / kGoodput, 1e-6);
}

// Values of an independent program of the same recursion; beside them what Gloo was measured to take.
TEST(Predict, ScheduledRingOfFourRanks) {
  Scenario s = two_sites(2, 2, "delay: 6.6314 ms, rate: 1 Gbit/s");
  s.topology.mtu = 9000;
  s = with_host_rate(s, BitRate::gigabits_per_second(1));
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(4 << 10))), 79.6, 0.051);    // 81.6
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(64 << 10))), 80.1, 0.051);   // 82.9
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(1 << 20))), 88.0, 0.051);    // 92.8
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(4 << 20))), 113.5, 0.051);   // 117.3
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(16 << 20))), 229.9, 0.051);  // 246.8
}

TEST(Predict, ScheduledRingAtSmallSizesCostsRoundTrips) {
  Scenario s = two_sites(2, 2);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(32))), 12 * 6.63, 0.001);
  s.workload.ranks = {0, 2, 1, 3};  // every edge crosses: 3 pairs of segments per phase, a round trip each
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(32))), 12 * 6.63, 0.001);
}

TEST(Predict, ScheduledRingSharesDirectionsAndHosts) {
  // So large that delays hardly show: 12 of 8 segments' time on the line that is worst off.
  const Bytes size(std::uint64_t{32} << 30);
  const double line = 1.5 * static_cast<double>(size.count()) / kGoodput * 1e3;
  Scenario s = two_sites(2, 2);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, size)) / line, 1, 1e-3);
  s.workload.ranks = {0, 2, 1, 3};  // two edges in each direction
  EXPECT_NEAR(ms(scheduled_all_reduce(s, size)) / line, 2, 1e-3);
  s.workload.ranks = {0, 1, 2, 3};
  s.topology.hosts[3].rate = BitRate::bits_per_second(250'000'000);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, size)) / line, 4, 1e-3);
}

// The schedule may beat the closed form, which adds transfer and propagation even where they overlap, but
// only so far: both stay above either of them alone.
TEST(Predict, ScheduledRingIsNeverFasterThanTransferOrPropagationAlone) {
  Scenario s = two_sites(2, 2, "delay: 6 ms, rate: 1 Gbit/s");
  for (const std::vector<std::size_t>& ranks : {std::vector<std::size_t>{0, 1, 2, 3}, {0, 2, 1, 3}}) {
    s.workload.ranks = ranks;
    const bool grouped = ranks[1] == 1;
    for (std::uint64_t size = 64; size <= (1 << 30); size *= 4) {
      const double transfer = (grouped ? 1.5 : 3) * static_cast<double>(size) / kGoodput * 1e3;
      const double propagation = grouped ? 3 * 6 : 6 * 6;
      const double scheduled = ms(scheduled_all_reduce(s, Bytes(size)));
      EXPECT_GE(scheduled, transfer) << size;
      EXPECT_GE(scheduled, propagation) << size;
      if (grouped) {
        EXPECT_GE(scheduled, ms(closed_form_all_reduce(s, Bytes(size)))) << size;
      }
    }
    const Bytes overlapping(8 << 20);
    EXPECT_EQ(scheduled_all_reduce(s, overlapping) < closed_form_all_reduce(s, overlapping), !grouped);
  }
}

TEST(Predict, ScheduledHalvingDoublingWaitsForNotifications) {
  Scenario s = two_sites(2, 2);
  s.workload.algorithm = Algorithm::kHalvingDoubling;
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(16))), 2 * 13.26, 0.001);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(16 << 20))), 2 * (13.26 + 71.280), 0.002);
  s = with_host_rate(s, BitRate::gigabits_per_second(1));
  EXPECT_NEAR(ms(scheduled_all_reduce(s, Bytes(16 << 20))), 2 * (71.280 + 13.26 + 71.280), 0.002);
}

TEST(Predict, ThreeSitesInARow) {
  const Scenario s = load_text(
      "name: s\n"
      "topology:\n"
      "  name: row\n"
      "  sites: { a: {}, b: {}, c: {} }\n"
      "  hosts: { h0: { site: a }, h1: { site: b }, h2: { site: c } }\n"
      "  links:\n"
      "    ab: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s }\n"
      "    bc: { between: [b, c], delay: 10 ms, rate: 1 Gbit/s }\n"
      "workload: { kind: allreduce, sizes: [12 B] }\n",
      "s.yaml", {}, {});
  // Edges 0 -> 2 (11 ms), 2 -> 1 (10 ms), 1 -> 0 (1 ms); four in a row are all three and the longest again:
  // 33 ms. Each direction of each link carries one edge: 4 x 4 B / 117.685 MB/s.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(12))), 33 + 16e3 / kGoodput, 1e-6);
  const auto pairs = rank_round_trips(s);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[0].round_trip, Duration::milliseconds(2));
  EXPECT_EQ(pairs[1].round_trip, Duration::milliseconds(22));
  EXPECT_EQ(pairs[2].round_trip, Duration::milliseconds(20));
}

// Of equal ways the first gives the delay and flows take them in turn; a dearer link between the same sites
// is no way at all.
TEST(Predict, SpreadsFlowsOverEqualWays) {
  Scenario s = two_sites(2, 2);
  const Duration alone = closed_form_all_reduce(s, Bytes(1 << 20));
  auto& links = s.topology.links;
  links.push_back(links[0]);
  links[1].directions[0].delay = links[1].directions[1].delay = Duration::milliseconds(9);
  EXPECT_EQ(rank_round_trips(s).at(0).equal_paths, 2u);
  EXPECT_EQ(rank_round_trips(s).at(0).round_trip, Duration::microseconds(13'260));
  EXPECT_EQ(closed_form_all_reduce(s, Bytes(1 << 20)), alone) << "one flow each way: it takes one of them";
  Scenario crossing = s;
  crossing.workload.ranks = {0, 2, 1, 3};  // two flows each way
  const Duration two_ways = closed_form_all_reduce(crossing, Bytes(1 << 20));
  crossing.topology.links.pop_back();
  const Duration one_way = closed_form_all_reduce(crossing, Bytes(1 << 20));
  const Duration propagation = Duration::microseconds(6 * 6'630);
  EXPECT_NEAR((one_way - propagation).to_seconds() / (two_ways - propagation).to_seconds(), 2, 1e-6);
  links[0].cost = 2;
  EXPECT_EQ(rank_round_trips(s).at(0).equal_paths, 1u);
  EXPECT_EQ(rank_round_trips(s).at(0).round_trip, Duration::milliseconds(18));
}

// Three sites in a ring of links of 1, 2 and 4 ms: every edge of the collective has a link of its own.
TEST(Predict, ARingOfSites) {
  Scenario s;
  s.topology = topology::load_text(
      "name: t\nsites: { a: {}, b: {}, c: {} }\nhosts: { x: { site: a }, y: { site: b }, z: { site: c } }\n"
      "links:\n  ab: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s }\n"
      "  bc: { between: [b, c], delay: 2 ms, rate: 1 Gbit/s }\n"
      "  ca: { between: [c, a], delay: 4 ms, rate: 1 Gbit/s }\n",
      "t.yaml");
  s.workload.ranks = {0, 1, 2};
  const auto pairs = rank_round_trips(s);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[1].round_trip, Duration::milliseconds(8)) << "a - c on its own link, not over b";
  // Four edges in a row from the longest: 4 + 2 + 1 + 4 ms. Each direction carries one edge: 4 x 4 B.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, Bytes(12))), 11 + 16e3 / kGoodput, 1e-6);
}

TEST(Predict, OneSiteCostsNothing) {
  Scenario s = two_sites(4, 0);
  EXPECT_EQ(closed_form_all_reduce(s, Bytes(1 << 20)), Duration());
  EXPECT_EQ(scheduled_all_reduce(s, Bytes(1 << 20)), Duration());
  s.workload.algorithm = Algorithm::kHalvingDoubling;
  EXPECT_EQ(closed_form_all_reduce(s, Bytes(1 << 20)), Duration());
  EXPECT_EQ(scheduled_all_reduce(s, Bytes(1 << 20)), Duration());
  EXPECT_TRUE(rank_round_trips(two_sites(4, 0)).empty());
}

TEST(Predict, FirstLight) {
  const Library library{test::in_project("topologies/library"), test::in_project("scenarios/library")};
  const Scenario s = load("first-light", library);
  ASSERT_EQ(rank_round_trips(s).size(), 1u);
  EXPECT_NEAR(ms(rank_round_trips(s)[0].round_trip), 13.26, 0.01);
  // mtu 9000, so 6 x 4 MiB / 123.755 MB/s + 3 x 6.631 ms; the hosts' own 1 Gbit/s carry no more than that.
  EXPECT_NEAR(ms(closed_form_all_reduce(s, s.workload.sizes.back())), 203.352 + 19.894, 0.01);
  EXPECT_NEAR(ms(scheduled_all_reduce(s, s.workload.sizes.front())), 79.6, 0.1);
}

// 16 MiB and four ranks: a block is 4 MiB, and 16 MiB take 142.560 ms at 117.685 MB/s.
TEST(Predict, ClosedFormsOfOtherCollectives) {
  Scenario s = two_sites(2, 2);
  const auto form = [&](CollectiveKind kind, Algorithm algorithm) {
    s.workload.kind = kind, s.workload.algorithm = algorithm;
    return ms(closed_form(s, Bytes(16 << 20)));
  };
  EXPECT_EQ(form(CollectiveKind::kAllReduce, Algorithm::kRing),
            ms(closed_form_all_reduce(s, Bytes(16 << 20))));
  // Three blocks over each edge; of three successive edges two cross.
  EXPECT_NEAR(form(CollectiveKind::kReduceScatter, Algorithm::kRing), 106.920 + 2 * 6.63, 0.001);
  EXPECT_NEAR(form(CollectiveKind::kAllGather, Algorithm::kRing), 106.920 + 2 * 6.63, 0.001);
  EXPECT_EQ(scheduled_all_reduce(s, Bytes(16 << 20)), Duration());
  // All of it crosses once.
  EXPECT_NEAR(form(CollectiveKind::kBroadcast, Algorithm::kChain), 142.560 + 6.63, 0.001);
  EXPECT_NEAR(form(CollectiveKind::kBroadcast, Algorithm::kTree), 142.560 + 6.63, 0.001);
  // Each of two ranks has a block for each of two others beyond the link.
  EXPECT_NEAR(form(CollectiveKind::kAllToAll, Algorithm::kPairwise), 142.560 + 6.63, 0.001);
  // Each rank's half goes over the link in two halves, one to be added and one that is the sum.
  EXPECT_NEAR(form(CollectiveKind::kAllReduce, Algorithm::kHierarchical), 142.560 + 2 * 6.63, 0.001);
  // Before and after that a half goes from host to host within the sites.
  s = with_host_rate(s, BitRate::gigabits_per_second(1));
  EXPECT_NEAR(form(CollectiveKind::kAllReduce, Algorithm::kHierarchical), 2 * 142.560 + 2 * 6.63, 0.001);
}

TEST(Predict, Bandwidths) {
  const Duration time = Duration::milliseconds(100);
  EXPECT_NEAR(algbw(Bytes(1'000'000), time), 1e7, 1e-3);
  EXPECT_NEAR(busbw(Bytes(1'000'000), time, 4), 1.5e7, 1e-3);
  EXPECT_NEAR(busbw(Bytes(1'000'000), time, 2), 1e7, 1e-3);
  for (const CollectiveKind kind :
       {CollectiveKind::kReduceScatter, CollectiveKind::kAllGather, CollectiveKind::kAllToAll})
    EXPECT_NEAR(busbw(Bytes(1'000'000), time, 4, kind), 0.75e7, 1e-3);
  EXPECT_NEAR(busbw(Bytes(1'000'000), time, 4, CollectiveKind::kBroadcast), 1e7, 1e-3);
  EXPECT_EQ(algbw(Bytes(1), Duration()), 0);
}

}  // namespace
}  // namespace longhaul::scenario
