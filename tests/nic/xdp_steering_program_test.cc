// SPDX-License-Identifier: GPL-2.0-only
//
// What holds for the steering program whatever the frame, and for filters of several terms. Every frame is to
// be counted exactly once, and as what its verdict says, which Bench::fate() looks after.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <iostream>
#include <random>

#include "nic/xdp_steering_object.h"
#include "tests/nic/steering_bench.h"

namespace longhaul::nic {
namespace {

constexpr std::size_t kLeast = 14;

TEST(SteeringProgram, CountsForTheFirstTermThatTakesAFrame) {
  Bench bench("vlan 9+udp 4000-5000+prefix 10.0.0.0/8+roce");
  EXPECT_EQ(bench.fate(plain(kRoce)), "taken udp 4000-5000");
  EXPECT_EQ(bench.fate(tagged(9)), "taken vlan 9");
  EXPECT_EQ(bench.fate(plain(ipv4({}, udp(1, 2)))), "taken prefix 10.0.0.0/8");
  EXPECT_EQ(bench.fate(plain6(kRoce6)), "taken udp 4000-5000");
  EXPECT_EQ(bench.fate(plain6(ipv6({}, udp(1, 2)))), kNoMatch);
}

TEST(SteeringProgram, TakesSixteenTermsAndTheLastOfThemCounts) {
  std::string ports, prefixes;
  for (int i = 1; i <= 15; ++i) {
    ports += fmt::format("tcp {}-{}+", i * 100, i * 100 + 50);
    prefixes += fmt::format("prefix 2001:db8:{}::/48+", i);
  }
  EXPECT_EQ(Bench(ports + "udp 4791").fate(plain(kRoce)), "taken udp 4791");
  EXPECT_EQ(Bench(ports + "udp 4791").fate(plain(ipv4({.protocol = kTcp}, tcp(9, 1'550)))),
            "taken tcp 1500-1550");
  EXPECT_EQ(Bench(prefixes + "prefix 2001:db8:72::2").fate(plain6(kRoce6)), "taken prefix 2001:db8:72::2");
}

TEST(SteeringProgram, LeavesEverythingToTheKernelWhileThereIsNoSocket) {
  Bench bench("roce", false);
  EXPECT_EQ(bench.fate(plain(kRoce)), "passed no_socket");
  EXPECT_EQ(bench.fate(plain(ipv4({}, udp(1, 2)))), kNoMatch);
}

// Two tags, IPv4 options and UDP; six extension headers and TCP; ARP; all without a payload.
TEST(SteeringProgram, PassesWhatIsCutShortAtEveryLength) {
  const Bytes four = ethernet(kServiceTagType,
                              tag(5, kTagType, tag(6, kIpv4Type, ipv4({.options = 12}, udp(1, 4'791, {})))));
  const Bytes six = plain6(
      ipv6({.next = 0},
           extension(43, 0, extension(51, 2, authentication_header(60, extension(kTcp, 1, tcp(9, 22)))))));
  const Bytes question = ethernet(kArpType, arp("10.71.0.1", "10.71.0.2"));
  Bench bench("roce+tcp 22+arp 10.71.0.0/16");
  for (const auto& [frame, taken] :
       {std::pair{four, "taken roce"}, {six, "taken tcp 22"}, {question, "taken arp 10.71.0.0/16"}}) {
    for (std::size_t size = kLeast; size < frame.size(); ++size)
      EXPECT_EQ(bench.fate(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size))),
                kMalformed)
          << size << " of " << frame.size() << " bytes, " << taken;
    EXPECT_EQ(bench.fate(frame), taken);
    EXPECT_EQ(bench.fate(padded(frame, frame.size() + 18)), taken);
  }
}

TEST(SteeringProgram, TakesATaggedFrameAsSoonAsTheTagIsThere) {
  const Bytes frame = tagged(100);
  Bench bench("vlan 100");
  for (std::size_t size = kLeast; size < frame.size(); ++size)
    EXPECT_EQ(bench.fate(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size))),
              size < kLeast + 4 ? kMalformed : "taken vlan 100")
        << size;
}

TEST(SteeringProgram, ReadsFramesOfSeveralBuffers) {
  Bench bench("roce");
  EXPECT_EQ(bench.fate(plain(ipv4({}, udp(1, 4'791, Bytes(8'972))))), "taken roce");
  EXPECT_EQ(bench.fate(plain(ipv4({}, udp(1, 4'792, Bytes(8'972))))), kNoMatch);
  EXPECT_EQ(bench.fate(plain(ipv4({}, udp(1, 4'791, Bytes(4'000))))), "taken roce");
  // The ports lie beyond the first 4,096 bytes.
  EXPECT_EQ(bench.fate(plain6(ipv6({.next = 60}, extension(60, 255, extension(kUdp, 255, udp(1, 4'791)))))),
            "taken roce");
  EXPECT_EQ(bench.fate(plain6(ipv6({.next = 60}, extension(60, 255, extension(kUdp, 255, udp(1, 4'790)))))),
            kNoMatch);
}

// Whatever the bytes: one counter, and the verdict that goes with it (fate() looks).
TEST(SteeringProgram, DecidesAboutAnyBytes) {
  constexpr unsigned kSeed = 71;
  std::mt19937 random(kSeed);
  const std::vector<Bytes> sound{plain(kRoce), twice(100, 7), extended(3),
                                 plain(ipv4({.options = 8}, tcp(1, 22))),
                                 ethernet(kArpType, arp("10.71.0.1", "10.71.0.2"))};
  Bench bench("vlan 100+roce+tcp 22+prefix 10.71.0.0/16+prefix 2001:db8::/32+arp 10.71.0.0/16");
  std::size_t taken = 0;
  constexpr std::size_t kFrames = 4'000;
  for (std::size_t i = 0; i < kFrames; ++i) {
    Bytes frame = sound[i % sound.size()];
    for (unsigned changes = random() % 4; changes > 0; --changes)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    if (random() % 4 == 0) frame.resize(kLeast + random() % (frame.size() - kLeast + 20));
    taken += bench.fate(frame).starts_with("taken ") ? 1 : 0;
    if (HasFailure()) FAIL() << "frame " << i << " of seed " << kSeed;
  }
  EXPECT_GT(taken, kFrames / 4);
  EXPECT_LT(taken, kFrames);
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (longhaul::nic::steering_object().empty() || ::geteuid() != 0) {
    std::cout << "skipped: needs root, and a build with clang" << std::endl;
    return 77;
  }
  return RUN_ALL_TESTS();
}
