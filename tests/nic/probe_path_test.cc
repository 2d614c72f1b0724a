// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probe_path.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace longhaul::nic {
namespace {

TEST(ParsePing, ReadsTheSummary) {
  const PathRtt rtt = parse_ping(
      "PING 10.50.0.3 (10.50.0.3) 56(84) bytes of data.\n\n--- 10.50.0.3 ping statistics ---\n"
      "20 packets transmitted, 19 received, 5% packet loss, time 390ms\n"
      "rtt min/avg/max/mdev = 13.270/13.402/14.011/0.110 ms, pipe 2\n");
  EXPECT_EQ(rtt.sent, 20U);
  EXPECT_EQ(rtt.received, 19U);
  EXPECT_DOUBLE_EQ(rtt.min_ms, 13.270);
  EXPECT_DOUBLE_EQ(rtt.avg_ms, 13.402);
  EXPECT_DOUBLE_EQ(rtt.max_ms, 14.011);
}

TEST(ParsePing, ReadsTotalLossWithErrors) {
  const PathRtt rtt = parse_ping(
      "PING 10.50.0.9 (10.50.0.9) 56(84) bytes of data.\n\n--- 10.50.0.9 ping statistics ---\n"
      "5 packets transmitted, 0 received, +5 errors, 100% packet loss, time 80ms\n\n");
  EXPECT_EQ(rtt.sent, 5U);
  EXPECT_EQ(rtt.received, 0U);
  EXPECT_EQ(rtt.max_ms, 0);
}

TEST(ParsePing, RefusesWhatIsNoSummary) {
  for (const char* text :
       {"", "PING 1.2.3.4\n", "--- x ping statistics ---\n", "--- x ping statistics ---\nno figures\n",
        "--- x ping statistics ---\n5 packets transmitted, 5 received\n",
        "--- x ping statistics ---\n5 packets transmitted, 5 received\nrtt min/avg/max/mdev = a/b\n"})
    EXPECT_THROW(parse_ping(text), std::runtime_error) << text;
}

}  // namespace
}  // namespace longhaul::nic
