// SPDX-License-Identifier: GPL-2.0-only
//
// The hook geo_fence.
#include <gtest/gtest.h>

#include <random>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Fence {  // geo_fence
  std::uint64_t seen, seen_bytes, blocked, blocked_bytes, untold, untold_bytes, passed, passed_bytes, came,
      came_bytes, leaked, leaked_bytes;
};

constexpr char kFree = '.', kTagged = '0', kUntold = '1';

FrameBytes arp(std::uint32_t sender, const std::vector<std::uint32_t>& tags = {}) {
  return ethernet(tags, 0x0806)
      .put(1, 2)
      .put(0x0800, 2)
      .put(0x0604, 2)
      .put(1, 2)
      .zeros(6)
      .put(sender, 4)
      .zeros(28)
      .data();
}
FrameBytes lldp(const std::vector<std::uint32_t>& tags = {}) {
  return ethernet(tags, 0x88CC).zeros(46).data();
}

TEST(GeoFence, ByVlan) {
  TestedHook fence("geo_fence", {{"vlan", 30}});
  struct Row {
    std::string_view name;
    FrameBytes frame;
    char fate;
  };
  const Around service_first{.tags = {kServiceTag | 7, kTag | 30}},
      service_second{.tags = {kServiceTag | 30, kTag | 7}, .version = 6};
  for (const Row& row : {
           Row{"no tag", tcp_frame({}), kFree},
           Row{"the tag", tcp_frame({}, {.tags = {kTag | 30}}), kTagged},
           Row{"the tag with a priority", tcp_frame({}, {.tags = {kTag | 0xE000 | 30}}), kTagged},
           Row{"another tag", tcp_frame({}, {.tags = {kTag | 31}}), kFree},
           Row{"a tag that gives only a priority", tcp_frame({}, {.tags = {kTag | 0xE000}}), kFree},
           Row{"behind a service tag", roce_frame({}, service_first), kTagged},
           Row{"before another tag", roce_frame({}, service_second), kTagged},
           Row{"behind a tag of the same kind", tcp_frame({}, {.tags = {kTag | 7, kTag | 30}}), kTagged},
           Row{"behind a tag of older days", tcp_frame({}, {.tags = {0x9100'0007, kTag | 30}}), kTagged},
           Row{"two other tags", tcp_frame({}, {.tags = {kTag | 7, kTag | 8}}), kFree},
           Row{"three tags hide it", tcp_frame({}, {.tags = {kTag | 7, kTag | 8, kTag | 30}}), kUntold},
           Row{"three tags, the first is it", tcp_frame({}, {.tags = {kTag | 30, kTag | 8, kTag | 9}}),
               kTagged},
           Row{"no IP", lldp(), kFree},
           Row{"no IP, tagged", lldp({kTag | 30}), kTagged},
           Row{"empty", {}, kUntold},
           Row{"addresses only", FrameBytes(12), kUntold},
           Row{"half a type", FrameBytes(13), kUntold},
           Row{"cut off behind another tag", cut(tcp_frame({}, {.tags = {kTag | 31}}), 17), kUntold},
           Row{"cut off behind the tag", cut(tcp_frame({}, {.tags = {kTag | 30}}), 16), kTagged},
           Row{"cut off in the tag", cut(tcp_frame({}, {.tags = {kTag | 30}}), 15), kUntold},
       }) {
    EXPECT_EQ(fence.fate(row.frame), row.fate) << row.name;
  }
  EXPECT_EQ(fence.fate(tcp_frame({}), {.vlan = 30}), kTagged) << "from an access port of the region";
  EXPECT_EQ(fence.fate(tcp_frame({}), {.vlan = 31}), kFree);
}

TEST(GeoFence, ByDscp) {
  TestedHook fence("geo_fence", {{"dscp", 42}});
  for (const int version : {4, 6}) {
    EXPECT_EQ(fence.fate(tcp_frame({}, {.version = version, .dscp = 42, .ecn = 3})), kTagged);
    EXPECT_EQ(fence.fate(tcp_frame({}, {.tags = {kTag | 5}, .version = version, .dscp = 42})), kTagged);
    EXPECT_EQ(fence.fate(tcp_frame({}, {.version = version, .dscp = 41})), kFree);
    for (std::size_t length = 0; length < (version == 4 ? 34u : 54u); ++length) {
      EXPECT_EQ(fence.fate(cut(tcp_frame({}, {.version = version, .dscp = 42}), length)), kUntold) << length;
    }
  }
  EXPECT_EQ(fence.fate(arp(0x0A47'0001)), kFree) << "has no DSCP";
  EXPECT_EQ(fence.fate(lldp()), kUntold) << "no IP, no ARP";
  FrameBytes wrong_version = tcp_frame({}), short_header = wrong_version;
  wrong_version[14] = std::byte{0x55};
  short_header[14] = std::byte{0x44};
  EXPECT_EQ(fence.fates({wrong_version, short_header}), "11");
  EXPECT_EQ(TestedHook("geo_fence", {{"dscp", 0}}).fate(tcp_frame({})), kTagged) << "0 is a DSCP too";
}

TEST(GeoFence, ByPrefix) {
  struct Row {
    std::uint32_t prefix;
    std::uint64_t bits;
    std::uint32_t source;
    char fate;
  };
  for (const Row& row : {
           Row{0x0A47'0000, 16, 0x0A47'1234, kTagged},
           Row{0x0A47'0000, 16, 0x0A48'1234, kFree},
           Row{0x0A47'0001, 32, 0x0A47'0001, kTagged},
           Row{0x0A47'0001, 32, 0x0A47'0000, kFree},
           Row{0x8000'0000, 1, 0xFF00'0001, kTagged},
           Row{0x8000'0000, 1, 0x7F00'0001, kFree},
           Row{0x0A47'0004, 30, 0x0A47'0007, kTagged},
           Row{0x0A47'0004, 30, 0x0A47'0008, kFree},
           Row{0x0A47'0000, 0, 0x0A47'0000, kFree},
       }) {
    TestedHook fence("geo_fence", {{"prefix", row.prefix}, {"prefix_bits", row.bits}});
    EXPECT_EQ(fence.fate(tcp_frame({}, {.source = row.source})), row.fate) << row.source << "/" << row.bits;
    EXPECT_EQ(fence.fate(arp(row.source, {kTag | 5})), row.fate)
        << "ARP from " << row.source << "/" << row.bits;
  }
  TestedHook fence("geo_fence", {{"prefix", 0x0A47'0000}, {"prefix_bits", 16}});
  EXPECT_EQ(fence.fate(cut(arp(0x0A48'0001), 41)), kUntold);
  EXPECT_EQ(fence.fate(ethernet({}, 0x0806).put(6, 2).put(0x0800, 2).put(0x0604, 2).zeros(40).data()), kFree);
  EXPECT_EQ(fence.fate(ethernet({}, 0x0806).put(6, 2).put(0x0800, 2).put(0x0804, 2).zeros(40).data()),
            kUntold);
  EXPECT_EQ(fence.fate(tcp_frame({}, {.version = 6})), kFree) << "says nothing of IPv6";
}

TEST(GeoFence, ByPrefixOfIpv6) {
  constexpr std::uint64_t kNetwork = 0xFD00'0000'0000'0070;
  TestedHook fence("geo_fence", {{"prefix6", kNetwork}, {"prefix6_bits", 60}});
  EXPECT_EQ(fence.fate(tcp_frame({}, {.version = 6, .source6 = kNetwork + 15})), kTagged);
  EXPECT_EQ(fence.fate(tcp_frame({}, {.version = 6, .source6 = kNetwork + 16})), kFree);
  EXPECT_EQ(fence.fate(tcp_frame({})), kFree);
  TestedHook whole("geo_fence", {{"prefix6", kNetwork}, {"prefix6_bits", 64}});
  EXPECT_EQ(whole.fate(tcp_frame({}, {.version = 6, .source6 = kNetwork})), kTagged);
  EXPECT_EQ(whole.fate(tcp_frame({}, {.version = 6, .source6 = kNetwork + 1})), kFree);
}

TEST(GeoFence, OpenLetsPassWhatCannotBeToldAndCountsIt) {
  TestedHook fence("geo_fence", {{"vlan", 30}, {"fail_closed", 0}});
  EXPECT_EQ(fence.fates({FrameBytes(12), tcp_frame({}), tcp_frame({}, {.tags = {kTag | 30}})}), "..0");
  EXPECT_EQ(fence.entry<Fence>("geo_fences").untold, 1u);
  EXPECT_EQ(fence.entry<Fence>("geo_fences").passed, 2u);
}

TEST(GeoFence, WithoutARuleBlocksOnlyWhatHasNoType) {
  TestedHook fence("geo_fence");
  EXPECT_EQ(fence.fates({tcp_frame({}), lldp({kTag | 30}), arp(1), FrameBytes(13)}), "...1");
}

// The witness at the far end sees what a fence let through, whoever is to blame.
TEST(GeoFence, TheWitnessCountsWhatLeaked) {
  TestedHook fence("geo_fence", {{"vlan", 30}});
  const FrameBytes tagged = tcp_frame({}, {.tags = {kTag | 30}});
  for (const FrameBytes& frame : {tagged, tcp_frame({}), FrameBytes(12)}) {
    EXPECT_EQ(fence.fate(frame, {.link = 1, .direction = 1, .place = LH_EGRESS}), '.');
  }
  const Fence& counts = fence.entry<Fence>("geo_fences", 3);
  EXPECT_EQ(counts.came, 3u);
  EXPECT_EQ(counts.leaked, 1u);
  EXPECT_EQ(counts.leaked_bytes, tagged.size());
  EXPECT_EQ(counts.seen, 0u);
  EXPECT_EQ(fence.counted[LH_EGRESS], (std::array<std::uint64_t, LH_COUNTERS>{3, 1, 1}));
}

// Frames of the region and others, damaged in every way: what passes the fence never shows the tag again.
TEST(GeoFence, NothingLeaksWhateverTheBytes) {
  constexpr unsigned kSeed = 20'261'121;
  std::mt19937 random(kSeed);
  const std::vector<FrameBytes> frames{tcp_frame({}, {.tags = {kTag | 30}}),
                                       tcp_frame({}, {.tags = {kServiceTag | 7, kTag | 30}, .version = 6}),
                                       roce_frame({}, {.dscp = 42}),
                                       tcp_frame({}, {.source = 0x0A47'0001}),
                                       arp(0x0A47'0001),
                                       lldp(),
                                       tcp_frame({}, {.source = 0x0A48'0001})};
  TestedHook fence("geo_fence", {{"vlan", 30}, {"dscp", 42}, {"prefix", 0x0A47'0000}, {"prefix_bits", 16}});
  std::uint64_t passed = 0, dropped = 0, bytes = 0;
  for (int turn = 0; turn < 100'000; ++turn) {
    FrameBytes frame = frames[random() % frames.size()];
    for (auto changes = random() % 4; changes > 0; --changes)
      frame[random() % 42] = static_cast<std::byte>(random());
    if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
    bytes += frame.size();
    if (fence.fate(frame) != kFree) {
      ++dropped;
      continue;
    }
    ++passed;
    fence.fate(frame, {.place = LH_EGRESS});
  }
  const Fence& counts = fence.entry<Fence>("geo_fences");
  EXPECT_EQ(counts.leaked, 0u) << "seed " << kSeed;
  EXPECT_EQ(counts.seen, passed + dropped);
  EXPECT_EQ(counts.seen_bytes, bytes);
  EXPECT_EQ(counts.seen, counts.blocked + counts.untold + counts.passed);
  EXPECT_EQ(counts.seen_bytes, counts.blocked_bytes + counts.untold_bytes + counts.passed_bytes);
  EXPECT_EQ(counts.passed, counts.came);
  EXPECT_GT(passed, 10'000u);
  EXPECT_GT(counts.untold, 10'000u);
  EXPECT_GT(counts.blocked, 10'000u);
}

}  // namespace
}  // namespace longhaul::hooks
