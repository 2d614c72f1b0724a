// SPDX-License-Identifier: GPL-2.0-only
//
// Which frames a capture takes, and what libpcap's own reader finds in the file.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "emulator/dataplane/capture.h"
#include "results/pcapng.h"
#include "tests/results/scratch.h"

namespace longhaul::dataplane {
namespace {

using Bytes = std::vector<std::byte>;
using core::DropCause;

constexpr Instant at_ns(std::int64_t ns) {
  return Instant::at(Duration::nanoseconds(ns));
}

Bytes bytes(std::initializer_list<int> values) {
  Bytes result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes padded_to(Bytes frame, std::size_t size) {
  frame.resize(size, std::byte{0x5a});
  return frame;
}

Bytes ethernet(std::initializer_list<int> type_and_more, int first = 0x02) {
  const int other = first == 0xff ? 0xff : 0;
  return bytes({first, other, other, other, other, other, 2, 0, 0, 0, 0, 1}) + bytes(type_and_more);
}

Bytes ports(int from, int to) {
  return bytes({from >> 8, from & 0xff, to >> 8, to & 0xff}) + Bytes(16);
}

Bytes ip(int protocol, int fragment_offset = 0) {
  return bytes(
      {0x45, 0, 0,  40, 0, 1, fragment_offset >> 8, fragment_offset & 0xff, 64, protocol, 0, 0, 10, 0,
       0,    1, 10, 0,  0, 2});
}

Bytes ip6(int protocol) {
  return bytes({0x60, 0, 0, 0, 0, 20, protocol, 64}) + Bytes(32);
}

constexpr int kTcp = 6, kUdp = 17;

struct FilterCase {
  const char* filter;
  std::string wanted;  // of the frames below, by letter
};

TEST(CaptureFilter, SeesWholeFramesOfAllKinds) {
  const std::vector<std::pair<char, Bytes>> frames{
      {'a', padded_to(ethernet({8, 6}, 0xff), 60)},                                 // ARP
      {'b', padded_to(ethernet({8, 0}) + ip(kTcp) + ports(40'000, 5'201), 1'514)},  // towards the server
      {'c', ethernet({8, 0}) + ip(kTcp) + ports(5'201, 40'000)},                    // and back
      {'d', ethernet({8, 0}) + ip(kUdp) + ports(5'201, 5'201)},
      {'e', ethernet({0x86, 0xdd}) + ip6(kTcp) + ports(1, 5'201)},
      {'f', ethernet({0x81, 0, 0, 7, 8, 0}) + ip(kTcp) + ports(1, 5'201)},  // VLAN 7
      {'g', ethernet({8, 0}) + ip(kTcp) + ports(1, 5'202)},
      {'h', ethernet({8, 0}) + ip(kTcp, 100) + ports(1, 5'201)},  // a later fragment: no ports in it
      {'i', ethernet({8, 0})},                                    // a runt
      {'j', bytes({1})},                                          // less than a header
      {'k', padded_to(ethernet({0x88, 0x08}), 9'018)},            // its last byte is beyond any snap
  };
  const FilterCase cases[] = {
      {"", "abcdefghijk"},
      {"   ", "abcdefghijk"},
      {"tcp port 5201", "bce"},
      {"tcp dst port 5201 and ip", "b"},
      {"udp", "d"},
      {"arp", "a"},
      {"ip6", "e"},
      {"vlan and tcp port 5201", "f"},
      {"vlan 8", ""},
      {"ether broadcast", "a"},
      {"greater 1000", "bk"},
      {"ip host 10.0.0.2 and not tcp", "d"},
      {"ether[9017] == 0x5a", "k"},
  };
  for (const FilterCase& c : cases) {
    Capture capture({.filter = c.filter, .snap = 40, .slots = 100});
    std::string wanted;
    std::uint32_t next = 1;
    for (const auto& [letter, frame] : frames) {
      const std::uint32_t number = capture.offered(frame, {});
      if (number == 0) continue;
      EXPECT_EQ(number, next++) << c.filter;
      wanted += letter;
    }
    EXPECT_EQ(wanted, c.wanted) << c.filter;
    const CaptureCounters counters = capture.counters();
    EXPECT_EQ(counters.seen, frames.size()) << c.filter;
    EXPECT_EQ(counters.captured, c.wanted.size()) << c.filter;
    EXPECT_EQ(counters.filtered_out, frames.size() - c.wanted.size()) << c.filter;
    EXPECT_EQ(counters.dropped_by_capture(), 0u) << c.filter;
  }
}

TEST(CaptureFilter, RefusesInOneLineThatSaysWhy) {
  const auto refusal = [](const Capture::Config& config) {
    try {
      Capture capture(config);
      return std::string("nothing");
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
  };
  for (const char* const filter : {"tcp prot 5201", "tcp port", "(tcp", "tcp port 99999", "ip and arp"}) {
    const std::string said = refusal({.filter = filter});
    const std::string head = "capture filter \"" + std::string(filter) + "\": ";
    EXPECT_EQ(said.rfind(head, 0), 0u) << said;
    EXPECT_GT(said.size(), head.size()) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
  EXPECT_EQ(refusal({.snap = 0}), "capture of 0 bytes of each frame: 1 to 262144 are allowed");
  EXPECT_EQ(refusal({.snap = 262'145}), "capture of 262145 bytes of each frame: 1 to 262144 are allowed");
  EXPECT_EQ(refusal({.slots = 0}), "capture with room for 0 records: at least 1 is needed");
}

// And so by tcpdump.
TEST(CaptureFile, IsReadByLibpcap) {
  constexpr std::int64_t kStart = 1'700'000'000'123'456'789;
  constexpr std::uint32_t kSnap = 100;
  const results::testing::Scratch scratch;
  const std::string path = (scratch.path() / "wan.pcapng").string();
  std::vector<CaptureRecord> expected;
  {
    results::PcapngWriter file(path,
                               {.directions = {{"wan", "a", "b", BitRate::gigabits_per_second(10), "tcp"},
                                               {"wan", "b", "a", {}, "tcp"}},
                                .application = "longhaul test",
                                .snap = kSnap,
                                .start_ns = kStart});
    Capture there({.filter = "tcp", .snap = kSnap, .slots = 100}),
        back({.filter = "tcp", .snap = kSnap, .slots = 100});
    for (int i = 0; i < 20; ++i) {
      const Bytes frame =
          padded_to(ethernet({8, 0}) + ip(kTcp) + ports(1, i), static_cast<std::size_t>(54 + 7 * i));
      Capture& capture = i % 2 == 0 ? there : back;
      const std::uint32_t number = capture.offered(frame, at_ns(i));
      EXPECT_EQ(capture.offered(Bytes(60), at_ns(i)), 0u);
      if (i % 5 == 0) {
        capture.dropped(number, frame, DropCause::kQueueFull, at_ns(i));
      } else {
        capture.released(number, frame, at_ns(5'000'000'000 + i));
      }
    }
    for (CaptureRecord record; there.next(record);) file.write(0, record), expected.push_back(record);
    for (CaptureRecord record; back.next(record);) file.write(1, record), expected.push_back(record);
    file.close(at_ns(6'000'000'000), std::vector{there.counters(), back.counters()});
    ASSERT_FALSE(file.failed()) << file.error();
  }
  char reason[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> reader(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, reason), pcap_close);
  ASSERT_NE(reader, nullptr) << reason;
  EXPECT_EQ(pcap_datalink(reader.get()), DLT_EN10MB);
  EXPECT_EQ(pcap_snapshot(reader.get()), static_cast<int>(kSnap));
  pcap_pkthdr* head = nullptr;
  const unsigned char* packet = nullptr;
  for (const CaptureRecord& record : expected) {
    ASSERT_EQ(pcap_next_ex(reader.get(), &head, &packet), 1) << pcap_geterr(reader.get());
    EXPECT_EQ(head->ts.tv_sec * 1'000'000'000 + head->ts.tv_usec, kStart + record.at.since_zero().ns());
    EXPECT_EQ(head->len, record.size);
    ASSERT_EQ(head->caplen, record.bytes.size());
    EXPECT_EQ(std::memcmp(packet, record.bytes.data(), head->caplen), 0);
  }
  EXPECT_EQ(pcap_next_ex(reader.get(), &head, &packet), PCAP_ERROR_BREAK);
}

}  // namespace
}  // namespace longhaul::dataplane
