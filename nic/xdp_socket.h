// SPDX-License-Identifier: GPL-2.0-only
//
// One AF_XDP socket on receive queue 0 of an interface, in copy mode, with its packet memory (UMEM) and four
// rings (Documentation/networking/af_xdp.rst), by libxdp. A frame that is larger than a chunk takes several
// descriptors (Linux 6.6). Made and destroyed by the control thread; the rings belong to one lcore; the
// statistics may be read from anywhere. Sizes in bytes, UMEM addresses relative to its start.
#pragma once

#include <xdp/xsk.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace longhaul::nic {

constexpr std::uint32_t kXdpChunk = 4'096;
constexpr std::uint32_t kXdpRing = 8'192;              // descriptors of each of the four rings
constexpr std::uint32_t kXdpReceiveChunks = kXdpRing;  // all of them in the fill or the receive ring
constexpr std::uint32_t kXdpTransmitChunks = 4'096;
constexpr std::uint32_t kXdpReceiveRoom =
    kXdpChunk - 256;                              // of a chunk; the kernel keeps XDP_PACKET_HEADROOM
constexpr std::uint32_t kXdpContinues = 1U << 0;  // XDP_PKT_CONTD; older headers lack it

class XdpSocket {
 public:
  // Frames of up to `largest_frame` pass. Throws std::runtime_error with the reason.
  XdpSocket(const std::string& interface, std::uint32_t largest_frame);
  ~XdpSocket();
  XdpSocket(const XdpSocket&) = delete;
  XdpSocket& operator=(const XdpSocket&) = delete;

  static constexpr std::uint64_t memory() {
    return std::uint64_t{kXdpChunk} * (kXdpReceiveChunks + kXdpTransmitChunks);
  }

  int fd() const { return xsk_socket__fd(socket_); }
  std::byte* at(std::uint64_t address) { return memory_ + address; }

  // Puts chunks whose frames the kernel is done with back into `free_chunks`; returns how many.
  std::uint32_t reap();

  xsk_ring_prod fill{}, tx{};
  xsk_ring_cons rx{}, completion{};
  std::vector<std::uint64_t> free_chunks;  // for transmission; the warmest last

 private:
  int open(const std::string& interface, std::uint16_t bind_flags);
  void close();

  std::byte* memory_ = nullptr;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
};

}  // namespace longhaul::nic
