// SPDX-License-Identifier: GPL-2.0-only
//
// The host's side of a port under test: a raw packet socket on an interface in a network namespace, and
// frames that can be told apart, whose every byte follows from their number and size.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <rte_mbuf.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "nic/netns.h"
#include "nic/port.h"

namespace longhaul::nic {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;
constexpr std::uint16_t kTestEtherType = 0x88B5;  // IEEE 802's for experiments
constexpr std::array<std::size_t, 4> kFrameSizes{60, 1'514, 4'214, 9'014};

inline Bytes numbered_frame(std::uint32_t number, std::size_t size) {
  Bytes frame{2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xB5};
  frame.resize(size);
  std::memcpy(frame.data() + 14, &number, sizeof number);
  for (std::size_t i = 18; i < size; ++i)
    frame[i] = static_cast<std::uint8_t>(number * 31 + i * 7 + (i >> 8));
  return frame;
}

inline bool has_test_ether_type(const Bytes& frame) {
  return frame.size() > 13 && (frame[12] << 8 | frame[13]) == kTestEtherType;
}

// A packet socket of the namespace on its interface eth0.
class RawPeer {
 public:
  explicit RawPeer(int network_namespace, const std::string& interface = "eth0") {
    run_in_namespace(network_namespace, [&] { open(interface); });
  }

  // Whether the kernel took it; what veth drops at once may be refused.
  bool send(const Bytes& frame) {
    return ::send(socket_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
  }

  // The next test frame, or nothing by the deadline.
  std::optional<Bytes> receive(Clock::time_point deadline) {
    while (Clock::now() < deadline) {
      pollfd readable{socket_.get(), POLLIN, 0};
      if (::poll(&readable, 1, 20) <= 0) continue;
      Bytes frame(65'536);
      const ssize_t size = ::recv(socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
      if (size < 0) continue;
      frame.resize(static_cast<std::size_t>(size));
      return frame;
    }
    return std::nullopt;
  }

 private:
  void open(const std::string& interface) {
    socket_ = UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    const int room = 256 << 20, yes = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    constexpr int kIgnoreOutgoing = 23;  // PACKET_IGNORE_OUTGOING
    ::setsockopt(socket_.get(), SOL_PACKET, kIgnoreOutgoing, &yes, sizeof yes);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(kTestEtherType);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::string("cannot bind the peer's socket: ") + std::strerror(errno));
  }

  UniqueFd socket_;
};

inline rte_mbuf* mbuf_of(Port& port, const Bytes& frame) {
  rte_mbuf* mbuf = port.allocate();
  if (mbuf == nullptr) throw std::runtime_error("no packet buffer");
  std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size())), frame.data(), frame.size());
  return mbuf;
}

inline Bytes bytes_of(const rte_mbuf* mbuf) {
  const auto* data = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
  return Bytes(data, data + mbuf->pkt_len);
}

// Polls until `count` frames are there or the deadline passes.
inline std::vector<Bytes> receive_frames(Port& port, std::size_t count, Clock::time_point deadline) {
  std::vector<Bytes> frames;
  std::array<rte_mbuf*, 64> burst;
  while (frames.size() < count && Clock::now() < deadline) {
    const std::uint16_t n = port.receive(burst);
    if (n == 0) std::this_thread::yield();
    for (std::uint16_t i = 0; i < n; ++i) {
      EXPECT_EQ(burst[i]->nb_segs, 1);
      frames.push_back(bytes_of(burst[i]));
      rte_pktmbuf_free(burst[i]);
    }
  }
  return frames;
}

// Hands over all of the buffers as the port takes them; returns how many were taken by the deadline.
inline std::size_t transmit_all(Port& port, std::span<rte_mbuf*> mbufs, Clock::time_point deadline) {
  std::size_t done = 0;
  while (done < mbufs.size() && Clock::now() < deadline)
    done += port.transmit(mbufs.subspan(done, std::min<std::size_t>(mbufs.size() - done, 60'000)));
  return done;
}

inline std::uint64_t loss(const PortStatistics& statistics, const std::string& place) {
  for (const auto& [name, frames] : statistics.losses)
    if (name == place) return frames;
  ADD_FAILURE() << "no counter named " << place;
  return 0;
}

inline std::uint64_t all_losses(const PortStatistics& statistics) {
  std::uint64_t sum = 0;
  for (const auto& [name, frames] : statistics.losses) sum += frames;
  return sum;
}

}  // namespace longhaul::nic
