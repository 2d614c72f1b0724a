// SPDX-License-Identifier: GPL-2.0-only
//
// The sending half of an AF_XDP port: copies frames into chunks, has the kernel send them, and says what
// became of those that could not go. Everything belongs to the lcore, except counters() and gone(), which may
// be read from anywhere. Frames of any pool and of several segments are taken.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "nic/single_writer_counter.h"
#include "nic/xdp_socket.h"

struct rte_mbuf;

namespace longhaul::nic {

constexpr std::uint32_t kEthernetHeader = 14;  // two addresses and the EtherType

class XdpSender {
 public:
  struct Counters {
    SingleWriterCounter frames, bytes;                // handed to the kernel
    SingleWriterCounter runt, oversized, no_carrier;  // lost; see xdp_port.h
    SingleWriterCounter interface_down, interface_gone;
  };

  // `socket` outlives it.
  XdpSender(XdpSocket& socket, std::uint32_t largest_frame)
      : socket_(socket), largest_frame_(largest_frame) {}

  // Takes the first n of `burst`, frees them and returns n: fewer than all when the ring is full.
  std::uint16_t send(std::span<rte_mbuf*> burst);

  // Has the kernel send what it did not take at once; to be called every turn, as nobody may be sending more.
  void catch_up() {
    if (unsent()) wake();
  }

  const Counters& counters() const { return counters_; }
  bool gone() const { return link_.load(std::memory_order_relaxed) == Link::kGone; }

 private:
  enum class Link : std::uint8_t { kUp, kDown, kGone };

  bool fits(const rte_mbuf& mbuf);
  bool put(const rte_mbuf& mbuf);
  void submit();
  void wake();
  void note_failure(int error);
  bool unsent() const;
  std::uint64_t unsent_frames() const;
  std::uint16_t discard(std::span<rte_mbuf*> burst, SingleWriterCounter& cause);

  XdpSocket& socket_;
  std::uint32_t largest_frame_;
  std::uint32_t written_ = 0;  // descriptors in the ring that the kernel cannot see yet
  std::atomic<Link> link_{Link::kUp};
  Counters counters_;
};

}  // namespace longhaul::nic
