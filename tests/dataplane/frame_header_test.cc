// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace longhaul::dataplane {
namespace {

using Frame = std::vector<std::byte>;
using core::Ecn;

void add(Frame& frame, std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) frame.push_back(static_cast<std::byte>(byte));
}

Frame joined(std::initializer_list<Frame> parts) {
  Frame frame;
  for (const Frame& part : parts) frame.insert(frame.end(), part.begin(), part.end());
  return frame;
}

Frame addresses(unsigned to = 2, unsigned from = 1) {
  Frame frame;
  add(frame, {2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from});
  return frame;
}

Frame tag(unsigned type, unsigned pcp, unsigned vlan = 7) {
  Frame bytes;
  add(bytes, {type >> 8, type & 255, pcp << 5 | vlan >> 8, vlan & 255});
  return bytes;
}

std::uint16_t ones_sum(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum += std::to_integer<unsigned>(bytes[i]) << 8 | std::to_integer<unsigned>(bytes[i + 1]);
  }
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

struct Ipv4 {
  unsigned tos = 0, protocol = 17, fragment = 0, options = 0;  // options in words of 4 bytes
  unsigned to = 9, identification = 0x1234;
};

// EtherType and header, with its checksum, and the ports.
Frame ipv4(Ipv4 ip, unsigned source_port = 1000, unsigned destination_port = 4791) {
  Frame header;
  add(header, {0x40 | (5 + ip.options),
               ip.tos,
               0,
               48,
               ip.identification >> 8,
               ip.identification & 255,
               ip.fragment >> 8,
               ip.fragment & 255,
               64,
               ip.protocol,
               0,
               0,
               10,
               71,
               0,
               1,
               10,
               71,
               0,
               ip.to});
  for (unsigned i = 0; i < 4 * ip.options; ++i) add(header, {1});
  const auto checksum = static_cast<std::uint16_t>(~ones_sum(header));
  header[10] = static_cast<std::byte>(checksum >> 8);
  header[11] = static_cast<std::byte>(checksum & 255);
  Frame frame;
  add(frame, {0x08, 0x00});
  frame.insert(frame.end(), header.begin(), header.end());
  add(frame,
      {source_port >> 8, source_port & 255, destination_port >> 8, destination_port & 255, 0, 8, 0, 0});
  return frame;
}

Frame ipv6(unsigned traffic_class, unsigned next, std::initializer_list<unsigned> behind, unsigned to = 9) {
  Frame frame;
  add(frame,
      {0x86, 0xDD, 0x60 | traffic_class >> 4, (traffic_class & 15) << 4 | 5, 0x43, 0x21, 0, 8, next, 64});
  add(frame, {0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  add(frame, {0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, to});
  add(frame, behind);
  return frame;
}

std::uint32_t flow(const Frame& frame) {
  return read_header(frame).flow;
}

struct Case {
  const char* name;
  Frame frame;
  std::uint8_t pcp, dscp;
  Ecn ecn;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class Fields : public ::testing::TestWithParam<Case> {};

TEST_P(Fields, AreRead) {
  const FrameHeader header = read_header(GetParam().frame);
  EXPECT_EQ(header.pcp, GetParam().pcp);
  EXPECT_EQ(header.dscp, GetParam().dscp);
  EXPECT_EQ(header.ecn, GetParam().ecn);
}

constexpr unsigned kTos = 26 << 2 | 2;  // AF31, ECT(0)

const std::vector<Case> kCases{
    {"Empty", {}, 0, 0, Ecn::kNotCapable},
    {"AddressesOnly", addresses(), 0, 0, Ecn::kNotCapable},
    {"Ipv4", joined({addresses(), ipv4({.tos = kTos})}), 0, 26, Ecn::kCapable0},
    {"Ipv4Ect1", joined({addresses(), ipv4({.tos = 1})}), 0, 0, Ecn::kCapable1},
    {"Ipv4Marked", joined({addresses(), ipv4({.tos = 0xFF})}), 0, 63, Ecn::kExperienced},
    {"Ipv4WithOptions", joined({addresses(), ipv4({.tos = kTos, .options = 10})}), 0, 26, Ecn::kCapable0},
    {"Tagged", joined({addresses(), tag(0x8100, 5), ipv4({.tos = kTos})}), 5, 26, Ecn::kCapable0},
    {"ServiceTagged", joined({addresses(), tag(0x88A8, 6), tag(0x8100, 1), ipv4({.tos = kTos})}), 6, 26,
     Ecn::kCapable0},
    {"ThreeTagsAreTooMany",
     joined({addresses(), tag(0x88A8, 6), tag(0x8100, 1), tag(0x8100, 1), ipv4({.tos = kTos})}), 6, 0,
     Ecn::kNotCapable},
    {"PriorityTaggedArp", joined({addresses(), tag(0x8100, 7, 0), Frame(2, std::byte{8})}), 7, 0,
     Ecn::kNotCapable},
    {"Ipv6", joined({addresses(), ipv6(kTos, 17, {0, 1, 0, 2})}), 0, 26, Ecn::kCapable0},
    {"TaggedIpv6", joined({addresses(), tag(0x8100, 3), ipv6(46 << 2 | 3, 6, {0, 1, 0, 2})}), 3, 46,
     Ecn::kExperienced},
    {"Ipv4TypeButVersion6", joined({addresses(), {std::byte{8}, std::byte{0}}, Frame(40, std::byte{0x60})}),
     0, 0, Ecn::kNotCapable},
    {"Ipv4HeaderLength4", joined({addresses(), {std::byte{8}, std::byte{0}}, Frame(40, std::byte{0x44})}), 0,
     0, Ecn::kNotCapable},
    {"Ipv6TypeButVersion4",
     joined({addresses(), {std::byte{0x86}, std::byte{0xDD}}, Frame(60, std::byte{0x45})}), 0, 0,
     Ecn::kNotCapable},
};

INSTANTIATE_TEST_SUITE_P(Cases, Fields, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

// Cut anywhere, in memory of just that size so that a sanitizer sees one byte too far: the fields are as in
// the whole frame once the fixed header is there, and zero before.
TEST(FrameHeader, TruncatedFramesHaveFewerFieldsAndNeverOthers) {
  for (const Case& c : kCases) {
    const FrameHeader whole = read_header(c.frame);
    for (std::size_t size = 0; size < c.frame.size(); ++size) {
      const Frame cut(c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(size));
      const FrameHeader header = read_header(cut);
      EXPECT_TRUE(header.pcp == whole.pcp || header.pcp == 0) << c.name << ' ' << size;
      EXPECT_TRUE(header.dscp == whole.dscp || header.dscp == 0) << c.name << ' ' << size;
      EXPECT_TRUE(header.ecn == whole.ecn || header.ecn == Ecn::kNotCapable) << c.name << ' ' << size;
      EXPECT_EQ(read_pause(cut), std::nullopt);
      Frame marked = cut;
      mark_congestion(marked);
      EXPECT_EQ(marked == cut, header.ecn == Ecn::kNotCapable || header.ecn == Ecn::kExperienced);
    }
  }
}

TEST(FrameHeader, AnyBytesAreReadWithoutHarm) {
  std::mt19937_64 random(5);
  constexpr std::array<std::array<unsigned, 2>, 5> kTypes{
      {{8, 0}, {0x86, 0xDD}, {0x81, 0}, {0x88, 0xA8}, {0x88, 8}}};
  for (int i = 0; i < 200'000; ++i) {
    Frame frame(random() % 90);
    for (std::byte& byte : frame) byte = static_cast<std::byte>(random());
    for (std::size_t at = 12; at + 2 < frame.size() && at < 24; at += 4) {
      const auto& type = kTypes[random() % kTypes.size()];
      frame[at] = static_cast<std::byte>(type[0]);
      frame[at + 1] = static_cast<std::byte>(type[1]);
    }
    const FrameHeader header = read_header(frame);
    EXPECT_LE(header.pcp, 7);
    EXPECT_LE(header.dscp, 63);
    mark_congestion(frame);
    const FrameHeader after = read_header(frame);
    EXPECT_EQ(after.ecn, header.ecn == Ecn::kNotCapable ? Ecn::kNotCapable : Ecn::kExperienced);
    EXPECT_EQ(after.flow, header.flow);
    read_pause(frame);
  }
}

TEST(FrameHeader, FlowsDifferByAddressProtocolAndPort) {
  const Frame to = addresses();
  const std::vector<Frame> different{
      joined({to, ipv4({})}),
      joined({to, ipv4({}, 1001)}),
      joined({to, ipv4({}, 1000, 4792)}),
      joined({to, ipv4({}, 4791, 1000)}),
      joined({to, ipv4({.protocol = 6})}),
      joined({to, ipv4({.to = 10})}),
      joined({to, ipv4({.protocol = 50})}),
      joined({to, ipv6(0, 17, {0, 1, 0, 2})}),
      joined({to, ipv6(0, 17, {0, 1, 0, 3})}),
      joined({to, ipv6(0, 17, {0, 1, 0, 2}, 10)}),
      joined({to, ipv6(0, 6, {0, 1, 0, 2})}),
      joined({to, Frame(10)}),
      joined({addresses(3, 1), Frame(10)}),
      joined({addresses(2, 3), Frame(10)}),
  };
  std::set<std::uint32_t> flows;
  for (const Frame& frame : different) flows.insert(flow(frame));
  EXPECT_EQ(flows.size(), different.size());
}

TEST(FrameHeader, OneFlowStaysOneWhateverElseDiffers) {
  const std::uint32_t plain = flow(joined({addresses(), ipv4({})}));
  EXPECT_EQ(flow(joined({addresses(8, 9), ipv4({})})), plain) << "the way through switches";
  EXPECT_EQ(flow(joined({addresses(), tag(0x8100, 3), ipv4({})})), plain);
  EXPECT_EQ(flow(joined({addresses(), tag(0x88A8, 3), tag(0x8100, 3), ipv4({})})), plain);
  EXPECT_EQ(flow(joined({addresses(), ipv4({.tos = 0xFF})})), plain);
  EXPECT_EQ(flow(joined({addresses(), ipv4({.options = 3})})), plain);
  EXPECT_EQ(flow(joined({addresses(), ipv4({.identification = 1})})), plain);
  EXPECT_EQ(flow(joined({addresses(), ipv4({.fragment = 0x4000})})), plain) << "don't fragment";
  EXPECT_EQ(flow(joined({addresses(), ipv6(0, 0, {17, 0, 1, 4, 0, 0, 0, 0, 0, 1, 0, 2})})),
            flow(joined({addresses(), ipv6(0, 17, {0, 1, 0, 2})})))
      << "behind hop-by-hop options";
}

TEST(FrameHeader, FragmentsOfAFlowGoTheSameWay) {
  const std::uint32_t first = flow(joined({addresses(), ipv4({.fragment = 0x2000})}));
  EXPECT_EQ(flow(joined({addresses(), ipv4({.fragment = 0x2001}, 77, 88)})), first);
  EXPECT_EQ(flow(joined({addresses(), ipv4({.fragment = 0x0002}, 99, 11)})), first) << "the last one";
  EXPECT_NE(flow(joined({addresses(), ipv4({.fragment = 0x2000, .to = 10})})), first);
  EXPECT_EQ(flow(joined({addresses(), ipv6(0, 44, {17, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2})})),
            flow(joined({addresses(), ipv6(0, 44, {17, 0, 0, 9, 0, 0, 0, 1, 8, 8, 8, 8})})));
}

TEST(FrameHeader, PortsBehindALongChainOfExtensionsAreNotLookedFor) {
  const auto chain = [](unsigned port) {
    return flow(joined({addresses(), ipv6(0, 0, {60, 0, 0,  0, 0, 0, 0, 0, 43, 0, 0, 0,    0, 0,
                                                 0,  0, 17, 0, 0, 0, 0, 0, 0,  0, 0, port, 0, 2})}));
  };
  EXPECT_EQ(chain(1), chain(2));
}

// 4,096 flows of neighbouring ports over k members: chi-square below its 99.9 % point.
TEST(FrameHeader, NeighbouringFlowsSpreadEvenlyOverMembers) {
  constexpr std::array<std::pair<std::uint32_t, double>, 5> kMembers{
      {{2, 10.8}, {3, 13.8}, {4, 16.3}, {8, 24.3}, {16, 37.7}}};
  constexpr unsigned kFlows = 4'096;
  for (const auto& [members, bound] : kMembers) {
    std::vector<double> counts(members);
    for (unsigned port = 0; port < kFlows; ++port)
      ++counts[flow(joined({addresses(), ipv4({}, 49'152 + port)})) % members];
    double chi = 0;
    const double expected = static_cast<double>(kFlows) / members;
    for (const double count : counts) chi += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi, bound) << members << " members";
  }
}

TEST(FrameHeader, EachInputBitMovesHalfOfTheHash) {
  const Frame frame = joined({addresses(), ipv4({})});
  for (std::size_t at = 14 + 12; at < 14 + 24; ++at) {  // addresses and ports
    for (int bit = 0; bit < 8; ++bit) {
      Frame other = frame;
      other[at] ^= static_cast<std::byte>(1 << bit);
      const int moved = std::popcount(flow(frame) ^ flow(other));
      EXPECT_GE(moved, 4) << "byte " << at << " bit " << bit;
      EXPECT_LE(moved, 28) << "byte " << at << " bit " << bit;
    }
  }
}

// Every header that differs in one 16-bit word, so that each carry and both zeros of the sum come up: the
// checksum verifies after the mark as it did before.
TEST(MarkCongestion, KeepsTheIpv4ChecksumRight) {
  for (const unsigned tos : {1u, 2u, 3u, kTos, 0xFDu}) {
    for (unsigned identification = 0; identification < 65'536; identification += 3) {
      Frame frame = joined({addresses(), ipv4({.tos = tos, .identification = identification})});
      mark_congestion(frame);
      ASSERT_EQ(std::to_integer<unsigned>(frame[15]), tos | 3);
      ASSERT_EQ(ones_sum(std::span(frame).subspan(14, 20)), 0xFFFF) << tos << ' ' << identification;
    }
  }
}

TEST(MarkCongestion, ChangesNothingElse) {
  for (const Case& c : kCases) {
    Frame frame = c.frame;
    mark_congestion(frame);
    std::size_t changed = 0;
    for (std::size_t i = 0; i < frame.size(); ++i) changed += frame[i] != c.frame[i];
    const FrameHeader before = read_header(c.frame), after = read_header(frame);
    if (c.ecn == Ecn::kNotCapable || c.ecn == Ecn::kExperienced) {
      EXPECT_EQ(frame, c.frame) << c.name;
    } else {
      EXPECT_LE(changed, 3u) << c.name;
      EXPECT_EQ(after, (FrameHeader{before.flow, before.pcp, before.dscp, Ecn::kExperienced})) << c.name;
    }
  }
}

TEST(MarkCongestion, LeavesAWrongChecksumWrong) {
  Frame frame = joined({addresses(), ipv4({.tos = 2})});
  frame[24] ^= std::byte{0x40};
  mark_congestion(frame);
  EXPECT_NE(ones_sum(std::span(frame).subspan(14, 20)), 0xFFFF);
}

Frame mac_control(std::initializer_list<unsigned> fields) {
  Frame frame;
  add(frame, {1, 0x80, 0xC2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0x08});
  add(frame, fields);
  frame.resize(60);
  return frame;
}

TEST(Pause, OfPfcIsByPriority) {
  const Frame frame =
      mac_control({1, 1, 0, 0x89, 0xFF, 0xFF, 0, 1, 0, 2, 0x12, 0x34, 0, 4, 0, 5, 0, 6, 0, 0});
  EXPECT_TRUE(is_mac_control(frame));
  EXPECT_EQ(read_pause(frame), (Pause{0x89, {0xFFFF, 1, 2, 0x1234, 4, 5, 6, 0}}));
}

TEST(Pause, OfTheWholeLinkIsForAllPriorities) {
  Pause all{0xFF, {}};
  all.quanta.fill(0x0102);
  EXPECT_EQ(read_pause(mac_control({0, 1, 1, 2})), all);
}

TEST(Pause, IsNothingElse) {
  EXPECT_EQ(read_pause(mac_control({0, 2, 1, 2})), std::nullopt) << "another opcode";
  EXPECT_TRUE(is_mac_control(mac_control({0, 2, 1, 2})));
  EXPECT_EQ(read_pause(joined({addresses(), ipv4({})})), std::nullopt);
  EXPECT_FALSE(is_mac_control(joined({addresses(), ipv4({})})));
  const Frame pfc = mac_control({1, 1, 0, 1});
  EXPECT_EQ(read_pause(std::span(pfc).first(33)), std::nullopt);
  EXPECT_NE(read_pause(std::span(pfc).first(34)), std::nullopt);
  const Frame pause = mac_control({0, 1, 0, 1});
  EXPECT_EQ(read_pause(std::span(pause).first(17)), std::nullopt);
  EXPECT_NE(read_pause(std::span(pause).first(18)), std::nullopt);
}

TEST(Pause, MeetsTheClassesOfALink) {
  const Pause pause{0b1000'1001, {10, 20, 0, 30, 0, 0, 0, 40}};  // priorities 0, 3 and 7
  core::QueueConfig queues;
  EXPECT_EQ(by_class(pause, queues), (Pause{1, {40}})) << "one class holds all priorities";
  queues.classes.resize(3);
  queues.key = core::ClassKey::kPcp;
  queues.class_of_pcp = {2, 0, 0, 2, 0, 0, 0, 1};
  EXPECT_EQ(by_class(pause, queues), (Pause{0b110, {0, 40, 30}}));
  queues.key = core::ClassKey::kDscp;
  EXPECT_EQ(by_class(pause, queues), (Pause{1, {10}})) << "there are no classes 3 and 7";
  const Pause resume{0b1000, {}};
  queues.key = core::ClassKey::kPcp;
  EXPECT_EQ(by_class(resume, queues), (Pause{0b100, {}}));
}

}  // namespace
}  // namespace longhaul::dataplane
