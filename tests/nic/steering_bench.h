// SPDX-License-Identifier: GPL-2.0-only
//
// The steering program as a function of a frame: the kernel runs it over bytes (BPF_PROG_TEST_RUN) and it is
// attached to nothing. Needs root; the kernel runs no frame below 14 bytes.
#pragma once

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include "nic/file_descriptor.h"
#include "nic/xdp_steering_program.h"
#include "tests/nic/steering_frames.h"

namespace longhaul::nic {

class Bench {
 public:
  explicit Bench(const std::string& filter, bool with_socket = true)
      : program_(SteeringFilter::of_text(filter)), socket_(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    if (with_socket) program_.deliver_to(socket_.get());
  }

  // Name of the counter that the frame moved.
  std::string fate(const Bytes& frame) {
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = 1;
    const auto before = program_.counters();
    if (const int error = bpf_prog_test_run_opts(program_.fd(), &options); error != 0)
      throw std::runtime_error(fmt::format("a run over {} bytes: error {}", frame.size(), error));
    const auto after = program_.counters();
    std::string moved;
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (after[i].second == before[i].second) continue;
      EXPECT_EQ(after[i].second, before[i].second + 1);
      EXPECT_EQ(moved, "") << "a frame counts once, not for " << after[i].first << " too";
      moved = after[i].first;
    }
    EXPECT_NE(moved, "") << "it was not counted";
    EXPECT_EQ(options.retval, static_cast<__u32>(moved.starts_with("taken ") ? XDP_REDIRECT : XDP_PASS));
    return moved;
  }

 private:
  SteeringProgram program_;
  UniqueFd socket_;
};

inline const std::string kNoMatch = "passed no_match", kMalformed = "passed malformed",
                         kFragment = "passed fragment";

// What most cases send: UDP over IPv4, 10.71.0.1 port 1000 to 10.72.0.2 port 4791.
inline const Bytes kRoce = ipv4({}, udp(1'000, 4'791));
inline const Bytes kRoce6 = ipv6({}, udp(1'000, 4'791));

inline Bytes plain(const Bytes& packet) {
  return ethernet(kIpv4Type, packet);
}
inline Bytes plain6(const Bytes& packet) {
  return ethernet(kIpv6Type, packet);
}
inline Bytes tagged(unsigned control, unsigned outer = kTagType) {
  return ethernet(outer, tag(control, kIpv4Type, kRoce));
}
inline Bytes twice(unsigned outer, unsigned inner) {
  return ethernet(kServiceTagType, tag(outer, kTagType, tag(inner, kIpv4Type, kRoce)));
}
inline Bytes changed(Bytes frame, std::size_t at, unsigned value) {
  frame.at(at) = static_cast<std::uint8_t>(value);
  return frame;
}
inline Bytes padded(Bytes frame, std::size_t size) {
  frame.resize(size);
  return frame;
}

// That many of the smallest extension headers before UDP.
inline Bytes extended(unsigned headers) {
  Bytes packet = udp(1, 4'791);
  for (unsigned i = 0; i < headers; ++i) packet = extension(i == 0 ? kUdp : 60, 0, packet);
  return plain6(ipv6({.next = headers == 0 ? kUdp : 60}, packet));
}

}  // namespace longhaul::nic
