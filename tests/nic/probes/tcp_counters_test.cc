// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/tcp_counters.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace longhaul::nic {
namespace {

TEST(TcpCounters, ReadsTheValueBelowItsName) {
  EXPECT_EQ(tcp_retransmitted_segments("Ip: Forwarding RetransSegs\n"
                                       "Ip: 1 5\n"
                                       "Tcp: RtoAlgorithm MaxConn OutSegs RetransSegs InErrs\n"
                                       "Tcp: 1 -1 700 42 0\n"
                                       "Udp: InDatagrams\n"
                                       "Udp: 3\n"),
            42U);
}

TEST(TcpCounters, SaysWhenTheKernelDoesNot) {
  EXPECT_THROW(tcp_retransmitted_segments("Tcp: RtoAlgorithm\nTcp: 1\n"), std::runtime_error);
  EXPECT_THROW(tcp_retransmitted_segments(""), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::nic
