// SPDX-License-Identifier: GPL-2.0-only
//
// What a hook is told of a frame: by table, cut off at every length, and for bytes that make no sense.
#include "emulator/hooks/hook_context.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tests/hooks/wire.h"

namespace longhaul::hooks {
namespace {

// What is decoded; the offsets that are 0 are absent.
struct Seen {
  unsigned ether_type = 0, vlan = 0, ip = 0, version = 0, protocol = 0, dscp = 0, ecn = 0, l4 = 0, bth = 0,
           payload = 0;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << fmt::format(
             "type {:#x} vlan {} ip {} version {} protocol {} dscp {} ecn {} l4 {} bth {} payload {}",
             s.ether_type, s.vlan, s.ip, s.version, s.protocol, s.dscp, s.ecn, s.l4, s.bth, s.payload);
}

// The bytes end where no more can be read.
class GuardedFrame {
 public:
  GuardedFrame() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* memory = mmap(nullptr, 4 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::byte*>(memory);
    if (mprotect(end(), page_, PROT_NONE) != 0) throw std::bad_alloc();
  }
  ~GuardedFrame() { munmap(begin_, 4 * page_); }
  GuardedFrame(const GuardedFrame&) = delete;
  GuardedFrame& operator=(const GuardedFrame&) = delete;

  std::span<const std::byte> put(std::span<const std::byte> frame) {
    std::byte* at = end() - frame.size();
    if (!frame.empty()) std::memcpy(at, frame.data(), frame.size());
    return {at, frame.size()};
  }

 private:
  std::byte* end() const { return begin_ + 3 * page_; }
  std::size_t page_;
  std::byte* begin_;
};

lh_hook_ctx described(std::span<const std::byte> frame) {
  lh_hook_ctx context;
  std::memset(&context, 0xAA, sizeof context);  // what an earlier frame may have left
  describe_frame(context, frame, 0x12345678);
  return context;
}

Seen seen(const lh_hook_ctx& c) {
  return {c.ether_type, c.vlan, c.ip_offset, c.ip_version, c.ip_protocol,
          c.dscp,       c.ecn,  c.l4_offset, c.bth_offset, c.payload_offset};
}

// A frame, what is seen of it, and the length from which on each part is. A part with 0 is not there.
struct Row {
  std::string name;
  std::vector<std::byte> frame;
  Seen whole;
  std::size_t type_from = 14, ip_from = 0, l4_from = 0, bth_from = 0, payload_from = 0, vlan_from = 0;
};

Seen cut(const Row& row, std::size_t length) {
  Seen s;
  const auto is = [&](std::size_t from) { return from != 0 && length >= from; };
  if (is(row.type_from)) s.ether_type = row.whole.ether_type;
  if (is(row.vlan_from)) s.vlan = row.whole.vlan;
  if (is(row.ip_from)) {
    s.ip = row.whole.ip;
    s.version = row.whole.version;
    s.protocol = row.whole.protocol;
    s.dscp = row.whole.dscp;
    s.ecn = row.whole.ecn;
  }
  if (is(row.l4_from)) s.l4 = row.whole.l4;
  if (is(row.bth_from)) s.bth = row.whole.bth;
  if (is(row.payload_from)) s.payload = row.whole.payload;
  return s;
}

std::vector<Row> plain_rows() {
  return {
      {"no IP", Wire().macs().type(0x0806).fill(46).data(), {.ether_type = 0x0806}},
      {"TCP over IPv4",
       Wire().macs().type(0x0800).ipv4(6, 70, 0, 0x4000, 0xB9).tcp().fill(50).data(),
       {.ether_type = 0x0800,
        .ip = 14,
        .version = 4,
        .protocol = 6,
        .dscp = 46,
        .ecn = 1,
        .l4 = 34,
        .payload = 54},
       14,
       34,
       54,
       0,
       54},
      {"TCP with options over IPv4 with options",
       Wire().macs().type(0x0800).ipv4(6, 62, 24).tcp(12).fill(30).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 6, .l4 = 58, .payload = 90},
       14,
       58,
       78,
       0,
       90},
      {"UDP over IPv4",
       Wire().macs().type(0x0800).ipv4(17, 28, 0, 0, 2).udp(53, 20).fill(20).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 17, .ecn = 2, .l4 = 34, .payload = 42},
       14,
       34,
       42,
       0,
       42},
      {"RoCEv2 over IPv4",
       Wire().macs().type(0x0800).ipv4(17, 1044).udp(4791, 1036).bth().fill(1024).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 17, .l4 = 34, .bth = 42, .payload = 54},
       14,
       34,
       42,
       54,
       54},
      {"ICMP",
       Wire().macs().type(0x0800).ipv4(1, 64).fill(64).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 1, .l4 = 34},
       14,
       34,
       35},
      {"first fragment",
       Wire().macs().type(0x0800).ipv4(17, 64, 0, 0x2000).udp(4791, 1036).bth().fill(44).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 17, .l4 = 34, .bth = 42, .payload = 54},
       14,
       34,
       42,
       54,
       54},
      {"later fragment",
       Wire().macs().type(0x0800).ipv4(17, 64, 0, 0x0001).fill(64).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 17},
       14,
       34},
      {"tagged",
       Wire().macs().tag(0x8100, 0xE123).type(0x0800).ipv4(17, 28).udp(53, 20).fill(20).data(),
       {.ether_type = 0x0800, .vlan = 0x123, .ip = 18, .version = 4, .protocol = 17, .l4 = 38, .payload = 46},
       18,
       38,
       46,
       0,
       46,
       16},
      {"tagged twice",
       Wire().macs().tag(0x88A8, 7).tag(0x8100, 9).type(0x86DD).ipv6(6, 40).tcp().fill(20).data(),
       {.ether_type = 0x86DD, .vlan = 9, .ip = 22, .version = 6, .protocol = 6, .l4 = 62, .payload = 82},
       22,
       62,
       82,
       0,
       82,
       20},
      {"two customer tags",
       Wire().macs().tag(0x8100, 5).tag(0x8100, 6).type(0x0806).fill(40).data(),
       {.ether_type = 0x0806, .vlan = 5},
       22,
       0,
       0,
       0,
       0,
       16},
      {"three tags",
       Wire().macs().tag(0x8100, 5).tag(0x8100, 6).tag(0x8100, 7).type(0x0800).fill(40).data(),
       {.ether_type = 0x8100, .vlan = 5},
       22,
       0,
       0,
       0,
       0,
       16},
      {"RoCEv2 over IPv6",
       Wire().macs().type(0x86DD).ipv6(17, 60, 0xBB).udp(4791, 52).bth().fill(40).data(),
       {.ether_type = 0x86DD,
        .ip = 14,
        .version = 6,
        .protocol = 17,
        .dscp = 46,
        .ecn = 3,
        .l4 = 54,
        .bth = 62,
        .payload = 74},
       14,
       54,
       62,
       74,
       74},
      {"TCP header that ends beyond the head",
       Wire().macs().type(0x0800).ipv4(6, 140, 40).tcp(40).fill(80).data(),
       {.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 6, .l4 = 74},
       14,
       74,
       94},
  };
}

// The protocol of a frame that is cut among these is not told here.
std::vector<Row> extension_rows() {
  const auto ipv6 = [](unsigned next) {
    return Wire().macs().type(0x86DD).ipv6(next, 0);
  };  // length not told
  const Seen ip{.ether_type = 0x86DD, .ip = 14, .version = 6};
  const auto with = [&](unsigned protocol, unsigned l4, unsigned bth, unsigned payload) {
    Seen s = ip;
    s.protocol = protocol, s.l4 = l4, s.bth = bth, s.payload = payload;
    return s;
  };
  return {
      {"hop by hop, routing, destination",
       ipv6(0)
           .bytes({43, 0})
           .fill(6)
           .bytes({60, 1})
           .fill(14)
           .bytes({17, 0})
           .fill(6)
           .udp(53, 9)
           .fill(9)
           .data(),
       with(17, 86, 0, 94), 14, 54, 94, 0, 94},
      {"authentication", ipv6(51).bytes({6, 4}).fill(22).tcp().fill(20).data(), with(6, 78, 0, 98), 14, 54,
       98, 0, 98},
      {"first fragment", ipv6(44).bytes({17, 0, 0, 1, 0, 0, 0, 5}).udp(4791, 99).bth().fill(9).data(),
       with(17, 62, 70, 82), 14, 54, 70, 82, 82},
      {"later fragment", ipv6(44).bytes({17, 0, 0, 9, 0, 0, 0, 5}).fill(30).data(), with(17, 0, 0, 0), 14,
       54},
      {"no next header", ipv6(59).fill(30).data(), with(59, 0, 0, 0), 14, 54},
      {"encrypted", ipv6(50).fill(30).data(), with(50, 54, 0, 0), 14, 54, 55},
      {"an extension longer than the head", ipv6(0).bytes({6, 20}).fill(166).tcp().data(), with(0, 0, 0, 0),
       14, 54},
  };
}

TEST(DescribeFrame, DecodesByTable) {
  GuardedFrame guarded;
  std::vector<Row> rows = plain_rows();
  for (Row& row : extension_rows()) rows.push_back(std::move(row));
  for (const Row& row : rows) EXPECT_EQ(seen(described(guarded.put(row.frame))), row.whole) << row.name;
}

TEST(DescribeFrame, WhatIsCutOffIsAbsent) {
  GuardedFrame guarded;
  for (const Row& row : plain_rows()) {
    for (std::size_t length = 0; length <= row.frame.size(); ++length) {
      const lh_hook_ctx context = described(guarded.put(std::span(row.frame).first(length)));
      EXPECT_EQ(seen(context), cut(row, length)) << row.name << " cut to " << length << " B";
    }
  }
  for (const Row& row : extension_rows()) {
    for (std::size_t length = 0; length <= row.frame.size(); ++length) {
      Seen is = seen(described(guarded.put(std::span(row.frame).first(length)))), expected = cut(row, length);
      if (row.l4_from == 0 || length < row.l4_from) is.protocol = expected.protocol;
      EXPECT_EQ(is, expected) << row.name << " cut to " << length << " B";
    }
  }
}

TEST(DescribeFrame, MalformedHeadersAreAbsent) {
  const Seen ip4{.ether_type = 0x0800, .ip = 14, .version = 4, .protocol = 6};
  Seen udp4 = ip4;
  udp4.protocol = 17;
  Wire short_tcp = Wire().macs().type(0x0800).ipv4(6, 40).word(1).word(2).fill(8).bytes({0x40, 0}).fill(26);
  struct Bad {
    std::string name;
    std::vector<std::byte> frame;
    Seen seen;
  };
  std::vector<std::byte> version5 = plain_rows()[1].frame, short_header = version5,
                         wrong_six = plain_rows()[12].frame;
  version5[14] = std::byte{0x55};
  short_header[14] = std::byte{0x44};
  wrong_six[14] = std::byte{0x4B};
  for (const Bad& bad : {
           Bad{"IPv4 with version 5", version5, {.ether_type = 0x0800}},
           Bad{"IPv4 header of 16 B", short_header, {.ether_type = 0x0800}},
           Bad{"IPv6 with version 4", wrong_six, {.ether_type = 0x86DD}},
           Bad{"IPv4 shorter than its header",
               Wire().macs().type(0x0800).bytes({0x45, 0}).word(19).fill(40, 0).data(),
               {.ether_type = 0x0800}},
           Bad{"TCP header of 16 B", short_tcp.data(), ip4},
           Bad{"TCP beyond the datagram", Wire().macs().type(0x0800).ipv4(6, 19).tcp().fill(20).data(), ip4},
           Bad{"UDP length of 7",
               Wire().macs().type(0x0800).ipv4(17, 30).word(1).word(2).word(7).word(0).fill(22).data(), udp4},
           Bad{"nothing in the datagram, padding behind it",
               Wire().macs().type(0x0800).ipv4(17, 0).udp(53, 9).fill(18).data(), udp4},
       }) {
    EXPECT_EQ(seen(described(bad.frame)), bad.seen) << bad.name;
  }
}

TEST(DescribeFrame, CopiesTheHeadAndClearsTheRest) {
  for (const std::size_t size : {0u, 1u, 14u, 60u, 127u, 128u, 129u, 9'018u}) {
    std::vector<std::byte> frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i + 1);
    const lh_hook_ctx context = described(frame);
    const std::size_t head = std::min<std::size_t>(size, LH_HEAD_BYTES);
    EXPECT_EQ(context.frame_bytes, size);
    EXPECT_EQ(context.head_bytes, head);
    for (std::size_t i = 0; i < LH_HEAD_BYTES; ++i) {
      ASSERT_EQ(context.head[i], i < head ? static_cast<std::uint8_t>(i + 1) : 0) << size << " at " << i;
    }
    EXPECT_EQ(context.flow, 0x12345678u);
    EXPECT_EQ(context.delay_ns, 0u);
    EXPECT_EQ(context.drop_cause, 0u);
    EXPECT_EQ(context.set_class, 0u);
    EXPECT_EQ(context.corrupt_bit, 0u);
    EXPECT_EQ(context.set_ecn, 0u);
    EXPECT_EQ(context.now_ns, 0xAAAA'AAAA'AAAA'AAAAu) << "the caller's";
    EXPECT_EQ(context.traffic_class, 0xAAAA'AAAAu) << "the caller's";
  }
}

// Whatever the bytes are, what is claimed is within the head and in order.
void check_order(const lh_hook_ctx& c) {
  const unsigned end = c.head_bytes;
  if (c.ip_offset == 0) {
    ASSERT_EQ(c.ip_version, 0);
    ASSERT_EQ(c.l4_offset, 0);
  } else {
    ASSERT_TRUE(c.ip_version == 4 || c.ip_version == 6);
    ASSERT_LE(c.ip_offset + (c.ip_version == 4 ? 20u : 40u), end);
    ASSERT_EQ(c.head[c.ip_offset] >> 4, c.ip_version);
  }
  if (c.l4_offset != 0) {
    ASSERT_GE(c.l4_offset, c.ip_offset + (c.ip_version == 4 ? 20u : 40u));
    ASSERT_LT(c.l4_offset, end);
  }
  if (c.bth_offset != 0) {
    ASSERT_EQ(c.bth_offset, c.l4_offset + 8);
    ASSERT_EQ(c.payload_offset, c.bth_offset + 12);
  }
  if (c.payload_offset != 0) {
    ASSERT_NE(c.l4_offset, 0);
    ASSERT_GE(c.payload_offset, c.l4_offset + 8);
    ASSERT_LE(c.payload_offset, end);
  }
}

TEST(DescribeFrame, StaysWithinAnyBytes) {
  constexpr unsigned kSeed = 20'261'121;
  std::mt19937 random(kSeed);
  GuardedFrame guarded;
  std::vector<Row> rows = plain_rows();
  for (Row& row : extension_rows()) rows.push_back(std::move(row));
  std::size_t with_transport = 0;
  for (int turn = 0; turn < 200'000; ++turn) {
    std::vector<std::byte> frame = rows[random() % rows.size()].frame;
    for (auto changes = random() % 6; changes > 0; --changes) {
      frame[random() % std::min<std::size_t>(frame.size(), LH_HEAD_BYTES)] = static_cast<std::byte>(random());
    }
    frame.resize(random() % 4 == 0 ? random() % (frame.size() + 1) : frame.size());
    const lh_hook_ctx context = described(guarded.put(frame));
    ASSERT_NO_FATAL_FAILURE(check_order(context)) << "seed " << kSeed << ", turn " << turn;
    with_transport += context.l4_offset != 0;
  }
  EXPECT_GT(with_transport, 20'000u);
}

}  // namespace
}  // namespace longhaul::hooks
