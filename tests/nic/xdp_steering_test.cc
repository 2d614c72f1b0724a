// SPDX-License-Identifier: GPL-2.0-only
//
// What a filter's text means, and what is said when it means nothing.
#include "nic/xdp_steering.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longhaul::nic {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

steering_term rule(const std::string& text) {
  return SteeringFilter({text}).terms().at(0).rule;
}

TEST(SteeringFilter, TakesEverythingUnlessTermsAreNamed) {
  EXPECT_TRUE(SteeringFilter().everything());
  EXPECT_TRUE(SteeringFilter({"everything"}).everything());
  EXPECT_TRUE(SteeringFilter::of_text(" everything ").everything());
  EXPECT_FALSE(SteeringFilter({"roce"}).everything());
}

TEST(SteeringFilter, ReadsVlans) {
  EXPECT_EQ(rule("vlan 100").kind, STEERING_VLAN);
  EXPECT_EQ(rule("vlan 1").first, 1);
  EXPECT_EQ(rule("vlan 4094").first, 4094);
}

TEST(SteeringFilter, ReadsPorts) {
  const steering_term one = rule("udp 53");
  EXPECT_EQ(one.kind, STEERING_UDP);
  EXPECT_EQ(one.first, 53);
  EXPECT_EQ(one.last, 53);
  EXPECT_EQ(one.ends, STEERING_EITHER);
  const steering_term range = rule("tcp 5201-5210 source");
  EXPECT_EQ(range.kind, STEERING_TCP);
  EXPECT_EQ(range.first, 5201);
  EXPECT_EQ(range.last, 5210);
  EXPECT_EQ(range.ends, STEERING_SOURCE);
  EXPECT_EQ(rule("tcp 1-65535").last, 65'535);
  const steering_term roce = rule("roce");
  EXPECT_EQ(roce.kind, STEERING_UDP);
  EXPECT_EQ(roce.first, 4791);
  EXPECT_EQ(roce.last, 4791);
  EXPECT_EQ(roce.ends, STEERING_DESTINATION);
}

TEST(SteeringFilter, ReadsPrefixes) {
  const steering_term four = rule("prefix 10.64.0.0/10 destination");
  EXPECT_EQ(four.kind, STEERING_IPV4);
  EXPECT_EQ(four.ends, STEERING_DESTINATION);
  EXPECT_THAT(four.address, ElementsAre(htonl(0x0A40'0000), 0, 0, 0));
  EXPECT_THAT(four.mask, ElementsAre(htonl(0xFFC0'0000), 0, 0, 0));
  EXPECT_THAT(rule("prefix 10.1.2.3").mask, ElementsAre(0xFFFF'FFFF, 0, 0, 0));
  EXPECT_THAT(rule("prefix 0.0.0.0/0").mask, ElementsAre(0, 0, 0, 0));

  const steering_term six = rule("prefix 2001:db8:8000::/33");
  EXPECT_EQ(six.kind, STEERING_IPV6);
  EXPECT_EQ(six.ends, STEERING_EITHER);
  EXPECT_THAT(six.address, ElementsAre(htonl(0x2001'0DB8), htonl(0x8000'0000), 0, 0));
  EXPECT_THAT(six.mask, ElementsAre(0xFFFF'FFFF, htonl(0x8000'0000), 0, 0));
  EXPECT_THAT(rule("prefix fe80::1").mask, ElementsAre(0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF));
  EXPECT_THAT(rule("prefix ::/0").mask, ElementsAre(0, 0, 0, 0));
}

TEST(SteeringFilter, ReadsArp) {
  EXPECT_EQ(rule("arp").kind, STEERING_ARP);
  EXPECT_THAT(rule("arp").mask, ElementsAre(0, 0, 0, 0));
  const steering_term some = rule("arp 10.71.0.0/16");
  EXPECT_EQ(some.kind, STEERING_ARP);
  EXPECT_EQ(some.ends, STEERING_DESTINATION);
  EXPECT_THAT(some.address, ElementsAre(htonl(0x0A47'0000), 0, 0, 0));
  EXPECT_THAT(some.mask, ElementsAre(htonl(0xFFFF'0000), 0, 0, 0));
}

TEST(SteeringFilter, IsWrittenAsItIsRead) {
  const std::string text = "vlan 100+prefix 10.71.0.0/16 source+tcp 5201-5210+roce+arp";
  EXPECT_EQ(SteeringFilter::of_text(text).text(), text);
  EXPECT_EQ(SteeringFilter::of_text("  vlan   7 + udp 1-2  source").text(), "vlan 7+udp 1-2 source");
  EXPECT_EQ(SteeringFilter().text(), "everything");
  EXPECT_EQ(SteeringFilter({"arp", "vlan 3"}).terms()[1].text, "vlan 3");
}

TEST(SteeringFilter, HasUpToSixteenTerms) {
  std::vector<std::string> terms;
  for (int i = 1; i <= 16; ++i) terms.push_back(fmt::format("vlan {}", i));
  EXPECT_EQ(SteeringFilter(terms).terms().size(), 16u);
  terms.emplace_back("vlan 17");
  EXPECT_THAT([&] { SteeringFilter{terms}; },
              ThrowsMessage<std::runtime_error>("steering: 16 terms are allowed, not 17"));
}

struct Refused {
  std::string text, words;
};

class RefusedFilter : public testing::TestWithParam<Refused> {};

TEST_P(RefusedFilter, SaysInOneLineWhatIsWrong) {
  EXPECT_THAT([] { SteeringFilter::of_text(GetParam().text); },
              ThrowsMessage<std::runtime_error>(AllOf(HasSubstr(GetParam().words), Not(HasSubstr("\n")))))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    OfManyKinds, RefusedFilter,
    testing::Values(
        Refused{"",
                "steering ``: `vlan ID`, `prefix ADDRESS/LENGTH`, `udp PORTS`, `tcp PORTS`, `roce`, `arp` or "
                "`everything` is allowed"},
        Refused{"arp+", "steering ``: "}, Refused{"port 80", "steering `port 80`: `vlan ID`"},
        Refused{"VLAN 3", "steering `VLAN 3`: "},
        Refused{"everything+arp", "steering `everything`: it stands alone"},
        Refused{"everything else", "steering `everything else`: it stands alone"},
        Refused{"vlan", "steering `vlan`: `vlan ID` with an ID from 1 to 4094 is allowed"},
        Refused{"vlan 0", "from 1 to 4094"}, Refused{"vlan 4095", "from 1 to 4094"},
        Refused{"vlan 1 2", "steering `vlan 1 2`: "}, Refused{"vlan 1x", "from 1 to 4094"},
        Refused{"vlan -1", "from 1 to 4094"}, Refused{"vlan 99999999999", "from 1 to 4094"},
        Refused{"udp", "a port or a range like `5201-5210`, from 1 to 65535, is needed"},
        Refused{"udp 0", "from 1 to 65535"}, Refused{"tcp 65536", "from 1 to 65535"},
        Refused{"tcp 1-", "from 1 to 65535"}, Refused{"tcp -5", "from 1 to 65535"},
        Refused{"tcp 1-2-3", "from 1 to 65535"},
        Refused{"tcp 1 - 2", "only `source` or `destination` may follow 1"},
        Refused{"tcp 20-10", "steering `tcp 20-10`: the range ends before it begins"},
        Refused{"udp 5 both", "steering `udp 5 both`: only `source` or `destination` may follow 5"},
        Refused{"udp 5 source destination", "only `source` or `destination` may follow 5"},
        Refused{"roce source", "nothing may follow `roce`"},
        Refused{"prefix", "a prefix like `10.71.0.0/16` or `2001:db8::/32` is needed"},
        Refused{"prefix 10.71/16", "a prefix like"}, Refused{"prefix host/16", "a prefix like"},
        Refused{"prefix 10.71.0.0/33", "the length of the prefix may be 0 to 32"},
        Refused{"prefix 10.71.0.0/", "the length of the prefix may be 0 to 32"},
        Refused{"prefix ::/129", "the length of the prefix may be 0 to 128"},
        Refused{"prefix 10.71.0.5/16",
                "steering `prefix 10.71.0.5/16`: the address has bits beyond the first 16"},
        Refused{"prefix 2001:db8::1/64", "bits beyond the first 64"},
        Refused{"prefix 10.0.0.0/8 to", "only `source` or `destination` may follow 10.0.0.0/8"},
        Refused{"arp 2001:db8::/32", "`arp` alone or with an IPv4 prefix is allowed"},
        Refused{"arp 10.0.0.0/8 source", "`arp` alone or with an IPv4 prefix is allowed"},
        Refused{"arp request", "a prefix like"},
        Refused{"vlan 5+vlan  5", "steering `vlan 5`: it is there already, as `vlan 5`"},
        Refused{"udp 4791 destination+roce",
                "steering `roce`: it is there already, as `udp 4791 destination`"}));

}  // namespace
}  // namespace longhaul::nic
