// SPDX-License-Identifier: GPL-2.0-only
//
// What the steering program does with one frame, case by case.
#include <gtest/gtest.h>

#include "tests/nic/steering_bench.h"

namespace longhaul::nic {
namespace {

struct Case {
  std::string what, filter;
  Bytes frame;
  std::string fate;
};

class SteeringCase : public testing::TestWithParam<Case> {};

TEST_P(SteeringCase, ComesOutAsItShould) {
  const Case& one = GetParam();
  EXPECT_EQ(Bench(one.filter).fate(one.frame), one.fate) << one.what << ", filter " << one.filter;
}

INSTANTIATE_TEST_SUITE_P(
    Tags, SteeringCase,
    testing::Values(
        Case{"the VLAN", "vlan 100", tagged(100), "taken vlan 100"},
        Case{"with a priority", "vlan 100", tagged(0xE000 | 100), "taken vlan 100"},
        Case{"another one", "vlan 100", tagged(101), kNoMatch},
        Case{"none", "vlan 100", plain(kRoce), kNoMatch},
        Case{"a service tag", "vlan 100", tagged(100, kServiceTagType), "taken vlan 100"},
        Case{"the outer of two", "vlan 100", twice(100, 200), "taken vlan 100"},
        Case{"the inner of two", "vlan 200", twice(100, 200), kNoMatch},
        Case{"nothing but a tag", "vlan 100", ethernet(kTagType, tag(100, 0x88B5, {})), "taken vlan 100"},
        Case{"ports behind a tag", "roce", tagged(5), "taken roce"},
        Case{"ports behind two", "roce", twice(5, 6), "taken roce"},
        Case{"ports behind three", "roce",
             ethernet(kTagType, tag(1, kTagType, tag(2, kTagType, tag(3, kIpv4Type, kRoce)))), kNoMatch},
        Case{"malformed behind the tag", "vlan 100", ethernet(kTagType, tag(100, kIpv4Type, Bytes(20))),
             "taken vlan 100"}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, SteeringCase,
    testing::Values(
        Case{"the source", "prefix 10.71.0.0/16", plain(kRoce), "taken prefix 10.71.0.0/16"},
        Case{"the destination", "prefix 10.72.0.0/16", plain(kRoce), "taken prefix 10.72.0.0/16"},
        Case{"neither", "prefix 10.73.0.0/16", plain(kRoce), kNoMatch},
        Case{"just beside it", "prefix 10.70.0.0/16", plain(kRoce), kNoMatch},
        Case{"the source alone", "prefix 10.71.0.0/16 source", plain(kRoce),
             "taken prefix 10.71.0.0/16 source"},
        Case{"not the source", "prefix 10.72.0.0/16 source", plain(kRoce), kNoMatch},
        Case{"the destination alone", "prefix 10.72.0.0/15 destination", plain(kRoce),
             "taken prefix 10.72.0.0/15 destination"},
        Case{"not the destination", "prefix 10.71.0.0/16 destination", plain(kRoce), kNoMatch},
        Case{"one address", "prefix 10.72.0.2", plain(kRoce), "taken prefix 10.72.0.2"},
        Case{"another address", "prefix 10.72.0.3", plain(kRoce), kNoMatch},
        Case{"all of IPv4", "prefix 0.0.0.0/0", plain(kRoce), "taken prefix 0.0.0.0/0"},
        Case{"IPv6 is not IPv4", "prefix 0.0.0.0/0", plain6(kRoce6), kNoMatch},
        Case{"IPv4 is not IPv6", "prefix ::/0", plain(kRoce), kNoMatch},
        Case{"all of IPv6", "prefix ::/0", plain6(kRoce6), "taken prefix ::/0"},
        Case{"the source", "prefix 2001:db8:71::/48", plain6(kRoce6), "taken prefix 2001:db8:71::/48"},
        Case{"the destination", "prefix 2001:db8:72::/47", plain6(kRoce6), "taken prefix 2001:db8:72::/47"},
        Case{"neither", "prefix 2001:db8:73::/48", plain6(kRoce6), kNoMatch},
        Case{"not the source", "prefix 2001:db8:72::/48 source", plain6(kRoce6), kNoMatch},
        Case{"one address", "prefix 2001:db8:72::2", plain6(kRoce6), "taken prefix 2001:db8:72::2"},
        Case{"another address", "prefix 2001:db8:72::3", plain6(kRoce6), kNoMatch},
        Case{"another protocol", "prefix 10.71.0.0/16", plain(ipv4({.protocol = 89}, {})),
             "taken prefix 10.71.0.0/16"}));

INSTANTIATE_TEST_SUITE_P(
    Ports, SteeringCase,
    testing::Values(
        Case{"the destination", "udp 4791", plain(kRoce), "taken udp 4791"},
        Case{"the source", "udp 1000", plain(kRoce), "taken udp 1000"},
        Case{"neither", "udp 1001", plain(kRoce), kNoMatch},
        Case{"not the source", "udp 4791 source", plain(kRoce), kNoMatch},
        Case{"not the destination", "udp 1000 destination", plain(kRoce), kNoMatch},
        Case{"TCP is not UDP", "udp 4791", plain(ipv4({.protocol = kTcp}, tcp(1'000, 4'791))), kNoMatch},
        Case{"UDP is not TCP", "tcp 4791", plain(kRoce), kNoMatch},
        Case{"below the range", "tcp 5201-5210", plain(ipv4({.protocol = kTcp}, tcp(9, 5'200))), kNoMatch},
        Case{"its first", "tcp 5201-5210", plain(ipv4({.protocol = kTcp}, tcp(9, 5'201))),
             "taken tcp 5201-5210"},
        Case{"its last", "tcp 5201-5210", plain(ipv4({.protocol = kTcp}, tcp(5'210, 9))),
             "taken tcp 5201-5210"},
        Case{"above it", "tcp 5201-5210", plain(ipv4({.protocol = kTcp}, tcp(9, 5'211))), kNoMatch},
        Case{"the highest port", "udp 1-65535 source", plain(ipv4({}, udp(65'535, 0))),
             "taken udp 1-65535 source"},
        Case{"RoCEv2", "roce", plain(kRoce), "taken roce"},
        Case{"an answer to it", "roce", plain(ipv4({}, udp(4'791, 1'000))), kNoMatch},
        Case{"RoCEv2 over IPv6", "roce", plain6(kRoce6), "taken roce"},
        Case{"TCP over IPv6", "tcp 22", plain6(ipv6({.next = kTcp}, tcp(22, 9))), "taken tcp 22"},
        Case{"a protocol without ports", "udp 1-65535", plain(ipv4({.protocol = 1}, kRoce)), kNoMatch},
        Case{"behind options", "roce", plain(ipv4({.options = 40}, udp(1, 4'791))), "taken roce"},
        Case{"padded to the least frame", "roce", padded(plain(kRoce), 60), "taken roce"}));

INSTANTIATE_TEST_SUITE_P(
    Fragments, SteeringCase,
    testing::Values(
        Case{"the first, with ports", "roce", plain(ipv4({.fragment = 0x2000}, udp(1, 4'791))), kFragment},
        Case{"a later one", "roce", plain(ipv4({.fragment = 0x2005}, udp(1, 4'791))), kFragment},
        Case{"the last", "roce", plain(ipv4({.fragment = 0x0005}, udp(1, 4'791))), kFragment},
        Case{"never to be fragmented", "roce", plain(ipv4({.fragment = 0x4000}, udp(1, 4'791))),
             "taken roce"},
        Case{"by its address", "prefix 10.71.0.0/16", plain(ipv4({.fragment = 0x0005}, {})),
             "taken prefix 10.71.0.0/16"},
        Case{"the first of IPv6", "roce", plain6(ipv6({.next = 44}, fragment_header(kUdp, 1, udp(1, 4'791)))),
             kFragment},
        Case{"the last of IPv6", "roce", plain6(ipv6({.next = 44}, fragment_header(kUdp, 8, udp(1, 4'791)))),
             kFragment},
        Case{"the only one", "roce", plain6(ipv6({.next = 44}, fragment_header(kUdp, 0, udp(1, 4'791)))),
             "taken roce"},
        Case{"of IPv6 by its address", "prefix 2001:db8::/32",
             plain6(ipv6({.next = 44}, fragment_header(kUdp, 8, {}))), "taken prefix 2001:db8::/32"}));

INSTANTIATE_TEST_SUITE_P(
    Extensions, SteeringCase,
    testing::Values(
        Case{"one of each kind", "roce",
             plain6(ipv6({.next = 0},
                         extension(43, 0,
                                   extension(51, 2,
                                             authentication_header(60, extension(kUdp, 1, udp(1, 4'791))))))),
             "taken roce"},
        Case{"mobile and renumbered", "roce",
             plain6(ipv6({.next = 135},
                         extension(139, 1, extension(140, 0, extension(kUdp, 0, udp(1, 4'791)))))),
             "taken roce"},
        Case{"as many as are read", "roce", extended(6), "taken roce"},
        Case{"one more", "roce", extended(7), kMalformed},
        Case{"one more, by its address", "prefix 2001:db8::/32", extended(7), "taken prefix 2001:db8::/32"},
        Case{"encrypted", "udp 1-65535", plain6(ipv6({.next = 50}, kRoce)), kNoMatch},
        Case{"nothing next", "udp 1-65535", plain6(ipv6({.next = 59}, {})), kNoMatch},
        Case{"longer than the packet", "roce",
             plain6(ipv6({.next = 60}, changed(extension(kUdp, 0, udp(1, 4'791)), 1, 200))), kMalformed},
        Case{"cut off", "roce", plain6(ipv6({.next = 60}, Bytes(7))), kMalformed},
        Case{"none where one is announced", "roce", plain6(ipv6({.next = 0}, {})), kMalformed}));

INSTANTIATE_TEST_SUITE_P(
    Malformed, SteeringCase,
    testing::Values(
        Case{"another version in IPv4", "roce", plain(changed(kRoce, 0, 0x55)), kMalformed},
        Case{"a header below the least", "roce", plain(changed(kRoce, 0, 0x44)), kMalformed},
        Case{"a header above the packet", "roce", plain(changed(kRoce, 0, 0x4F)), kMalformed},
        Case{"a packet below its header", "roce", plain(changed(kRoce, 3, 19)), kMalformed},
        Case{"a packet above the frame", "roce",
             plain(changed(kRoce, 3, static_cast<unsigned>(kRoce.size() + 1))), kMalformed},
        Case{"UDP beyond the packet, in the padding", "roce", padded(plain(changed(kRoce, 3, 27)), 60),
             kMalformed},
        Case{"TCP beyond the packet", "tcp 1-65535", plain(ipv4({.protocol = kTcp}, Bytes(19))), kMalformed},
        Case{"but with an address", "prefix 10.71.0.0/16", plain(ipv4({.protocol = kTcp}, Bytes(19))),
             "taken prefix 10.71.0.0/16"},
        Case{"no address is read of it", "prefix 0.0.0.0/0", plain(changed(kRoce, 0, 0x44)), kMalformed},
        Case{"another version in IPv6", "prefix ::/0", plain6(changed(kRoce6, 0, 0x45)), kMalformed},
        Case{"an IPv6 packet above the frame", "prefix ::/0",
             plain6(changed(kRoce6, 5, static_cast<unsigned>(kRoce6.size() - 39))), kMalformed},
        Case{"a length for another protocol", "roce", ethernet(46, Bytes(46)), kNoMatch},
        Case{"an unknown protocol", "udp 1-65535", ethernet(0x88B5, Bytes(46)), kNoMatch},
        Case{"addresses and no more", "udp 1-65535", ethernet(0x88B5, {}), kNoMatch}));

INSTANTIATE_TEST_SUITE_P(
    Arp, SteeringCase,
    testing::Values(Case{"not named", "prefix 0.0.0.0/0+vlan 1+udp 1-65535",
                         ethernet(kArpType, arp("10.71.0.1", "10.71.0.2")), kNoMatch},
                    Case{"all of it", "arp", ethernet(kArpType, arp("10.71.0.1", "10.71.0.2")), "taken arp"},
                    Case{"behind a tag", "arp",
                         ethernet(kTagType, tag(1, kArpType, arp("10.71.0.1", "10.71.0.2"))), "taken arp"},
                    Case{"even malformed", "arp", ethernet(kArpType, Bytes(5)), "taken arp"},
                    Case{"that asks for the prefix", "arp 10.71.0.0/16",
                         ethernet(kArpType, arp("192.0.2.1", "10.71.0.2")), "taken arp 10.71.0.0/16"},
                    Case{"that asks for another", "arp 10.71.0.0/16",
                         ethernet(kArpType, arp("10.71.0.1", "192.0.2.1")), kNoMatch},
                    Case{"for other addresses", "arp 10.71.0.0/16",
                         ethernet(kArpType, changed(arp("10.71.0.1", "10.71.0.2"), 5, 16)), kMalformed},
                    Case{"IP is none", "arp", plain(kRoce), kNoMatch}));

}  // namespace
}  // namespace longhaul::nic
