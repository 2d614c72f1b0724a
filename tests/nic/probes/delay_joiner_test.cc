// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/delay_joiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstdint>

#include "nic/probes/probe_cgroup.h"

namespace longhaul::nic {
namespace {

constexpr std::uint64_t kLongest = 1'000'000;

probe_stamp stamp(std::uint8_t direction, std::uint64_t hash, std::uint64_t time_ns, std::uint16_t port = 1) {
  probe_stamp made{};
  made.record.kind = PROBE_STAMP;
  made.record.host = direction == PROBE_EGRESS ? 3 : 5;
  made.record.time_ns = time_ns;
  made.frame_hash = hash;
  made.flow.source[0] = 10;
  made.flow.destination[0] = 11;
  made.flow.source_port = port;
  made.flow.protocol = IPPROTO_UDP;
  made.flow.ip_version = 4;
  made.flow.host = static_cast<std::uint16_t>(made.record.host);
  made.flow.direction = direction;
  return made;
}

probe_stamp leaves(std::uint64_t hash, std::uint64_t time_ns, std::uint16_t port = 1) {
  return stamp(PROBE_EGRESS, hash, time_ns, port);
}
probe_stamp arrives(std::uint64_t hash, std::uint64_t time_ns) {
  return stamp(PROBE_INGRESS, hash, time_ns);
}

FlowDelay only_flow(const DelayJoiner& joiner) {
  const auto flows = joiner.flows();
  EXPECT_EQ(flows.size(), 1U);
  return flows.empty() ? FlowDelay{} : flows.front();
}

TEST(DelayJoiner, MatchesTheTwoEndsOfAFrame) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  for (std::uint64_t i = 0; i < 100; ++i) {
    joiner.add(leaves(i, 1000 * i));
    joiner.add(arrives(i, 1000 * i + 100 + i));
  }
  const FlowDelay delay = only_flow(joiner);
  EXPECT_EQ(delay.from, 3U);
  EXPECT_EQ(delay.to, 5U);
  EXPECT_EQ(delay.stamped, 100U);
  EXPECT_EQ(delay.matched, 100U);
  EXPECT_EQ(delay.min, Duration::nanoseconds(100));
  EXPECT_EQ(delay.max, Duration::nanoseconds(199));
  EXPECT_GE(delay.p50, Duration::nanoseconds(149));
  EXPECT_LE(delay.p50, Duration::nanoseconds(154));  // 149 and 1/32
  EXPECT_GE(delay.p99, Duration::nanoseconds(198));
  EXPECT_LE(delay.p99, Duration::nanoseconds(199));
  EXPECT_EQ(delay.flow.text(), "udp 10.0.0.0:1 > 11.0.0.0:0");
}

TEST(DelayJoiner, FramesMayOvertakeOneAnother) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  joiner.add(leaves(1, 10));
  joiner.add(leaves(2, 20));
  joiner.add(arrives(2, 25));
  joiner.add(arrives(1, 40));
  EXPECT_EQ(only_flow(joiner).matched, 2U);
  EXPECT_EQ(only_flow(joiner).min, Duration::nanoseconds(5));
  EXPECT_EQ(only_flow(joiner).max, Duration::nanoseconds(30));
}

TEST(DelayJoiner, AFrameIsLostOnlyWhenTheLongestDelayIsOver) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  joiner.add(leaves(1, 10));
  joiner.expire(10 + kLongest);
  EXPECT_EQ(only_flow(joiner).lost, 0U);
  joiner.expire(11 + kLongest);
  EXPECT_EQ(only_flow(joiner).lost, 1U);
  joiner.add(arrives(1, 12 + kLongest));
  EXPECT_EQ(only_flow(joiner).matched, 0U);
  EXPECT_EQ(joiner.losses().unknown, 1U);
}

TEST(DelayJoiner, TheSecondArrivalIsADuplicate) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  joiner.add(leaves(1, 10));
  joiner.add(arrives(1, 20));
  joiner.add(arrives(1, 30));
  const FlowDelay delay = only_flow(joiner);
  EXPECT_EQ(delay.matched, 1U);
  EXPECT_EQ(delay.duplicates, 1U);
  EXPECT_EQ(delay.max, Duration::nanoseconds(10));
}

TEST(DelayJoiner, FramesThatLookAlikeAreLeftOut) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  joiner.add(leaves(1, 10));
  joiner.add(leaves(1, 20));
  joiner.add(leaves(1, 30));
  joiner.add(arrives(1, 40));
  EXPECT_EQ(only_flow(joiner).ambiguous, 3U);
  EXPECT_EQ(only_flow(joiner).matched, 0U);
  // After they are gone, the next one counts again.
  joiner.expire(31 + kLongest);
  joiner.add(leaves(1, 100 + kLongest));
  joiner.add(arrives(1, 107 + kLongest));
  const FlowDelay delay = only_flow(joiner);
  EXPECT_EQ(delay.lost, 0U);
  EXPECT_EQ(delay.matched, 1U);
  EXPECT_EQ(delay.max, Duration::nanoseconds(7));
}

TEST(DelayJoiner, OneThatLooksLikeAnArrivedOneCounts) {
  DelayJoiner joiner({.longest_delay_ns = kLongest});
  joiner.add(leaves(1, 10));
  joiner.add(arrives(1, 15));
  joiner.add(leaves(1, 20));
  joiner.expire(15 + kLongest);  // of the first only
  joiner.add(arrives(1, 30));
  EXPECT_EQ(only_flow(joiner).matched, 2U);
  EXPECT_EQ(only_flow(joiner).max, Duration::nanoseconds(10));
}

TEST(DelayJoiner, StaysWithinItsBounds) {
  DelayJoiner joiner({.longest_delay_ns = kLongest, .under_way = 2, .flows = 2});
  joiner.add(leaves(1, 10, 1));
  joiner.add(leaves(2, 10, 2));
  joiner.add(leaves(3, 10, 1));  // a third frame under way
  EXPECT_EQ(joiner.losses().no_room, 1U);
  joiner.expire(11 + kLongest);
  joiner.add(leaves(4, 12 + kLongest, 3));  // a third flow
  EXPECT_EQ(joiner.losses().no_room, 2U);
  EXPECT_EQ(joiner.flows().size(), 2U);
}

TEST(FlowId, PrintsAsPeopleWriteIt) {
  probe_flow_key key{};
  key.ip_version = 6;
  key.source[0] = 0xfd;
  key.source[15] = 1;
  key.destination[0] = 0xfd;
  key.destination[15] = 2;
  key.protocol = IPPROTO_TCP;
  key.source_port = 7;
  key.destination_port = 8;
  EXPECT_EQ(flow_id_of(key).text(), "tcp [fd00::1]:7 > [fd00::2]:8");
  key.protocol = IPPROTO_UDP;
  key.destination_port = 4791;
  key.queue_pair = 17;
  EXPECT_EQ(flow_id_of(key).text(), "roce fd00::1 > fd00::2 qp 17");
}

TEST(ProbeCgroup, FindsWhereCgroup2IsMounted) {
  EXPECT_EQ(cgroup2_mount(
                "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"),
            "/sys/fs/cgroup/unified");
  EXPECT_EQ(cgroup2_mount("tmpfs /cgroup2 tmpfs rw 0 0\n"), "");
}

}  // namespace
}  // namespace longhaul::nic
