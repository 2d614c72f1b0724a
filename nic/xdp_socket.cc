// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_socket.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace longhaul::nic {
namespace {

constexpr std::uint16_t kUseFragments = 1U << 4;  // XDP_USE_SG; older headers lack it

[[noreturn]] void fail(const std::string& interface, const std::string& why) {
  throw std::runtime_error(fmt::format("cannot open an AF_XDP socket on {}: {}", interface, why));
}

// One system call is to carry a whole burst, and what the receiving end has not taken yet is bounded by the
// chunks alone. Kernels that do not know the first, or refuse the second, only take more calls.
void widen(int socket) {
  constexpr int kBudgetOption = 9;  // XDP_MAX_TX_SKB_BUDGET, Linux 6.17
  const std::uint32_t budget = 1'024;
  static_cast<void>(::setsockopt(socket, SOL_XDP, kBudgetOption, &budget, sizeof budget));
  const int bytes = 64 << 20;
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes));
}

}  // namespace

XdpSocket::XdpSocket(const std::string& interface, std::uint32_t largest_frame) {
  void* mapped = ::mmap(nullptr, memory(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    fail(interface, fmt::format("cannot map {} MiB: {}", memory() >> 20, std::strerror(errno)));
  memory_ = static_cast<std::byte*>(mapped);
  const bool fragments = largest_frame > kXdpReceiveRoom;
  const std::uint16_t flags =
      static_cast<std::uint16_t>(XDP_COPY | XDP_USE_NEED_WAKEUP | (fragments ? kUseFragments : 0));
  // A socket that was closed just now may hold on to the queue for a moment.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  int error = 0;
  while ((error = open(interface, flags)) == EBUSY && std::chrono::steady_clock::now() < deadline) {
    close();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (error != 0) {
    close();
    ::munmap(memory_, memory());
    const bool too_old = fragments && error == EINVAL;
    fail(interface, fmt::format("{}{}", std::strerror(error),
                                too_old ? "; frames this large need Linux 6.6 or later" : ""));
  }
  widen(fd());
  for (std::uint32_t i = kXdpTransmitChunks; i-- > 0;)
    free_chunks.push_back(std::uint64_t{kXdpChunk} * (kXdpReceiveChunks + i));
}

XdpSocket::~XdpSocket() {
  close();
  ::munmap(memory_, memory());
}

// Returns errno. Again from the start each time: a socket whose bind failed cannot be bound again.
int XdpSocket::open(const std::string& interface, std::uint16_t bind_flags) {
  fill = tx = {};
  rx = completion = {};
  const xsk_umem_config memory_config{kXdpRing, kXdpRing, kXdpChunk, 0, 0};
  if (const int result = xsk_umem__create(&umem_, memory_, memory(), &fill, &completion, &memory_config);
      result != 0)
    return -result;
  xsk_socket_config config{};
  config.rx_size = config.tx_size = kXdpRing;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  config.bind_flags = bind_flags;
  if (const int result = xsk_socket__create(&socket_, interface.c_str(), 0, umem_, &rx, &tx, &config);
      result != 0)
    return -result;
  std::uint32_t first = 0;
  xsk_ring_prod__reserve(&fill, kXdpReceiveChunks, &first);
  for (std::uint32_t i = 0; i < kXdpReceiveChunks; ++i)
    *xsk_ring_prod__fill_addr(&fill, first + i) = std::uint64_t{kXdpChunk} * i;
  xsk_ring_prod__submit(&fill, kXdpReceiveChunks);
  return 0;
}

void XdpSocket::close() {
  if (socket_ != nullptr) xsk_socket__delete(socket_);
  if (umem_ != nullptr) xsk_umem__delete(umem_);
  socket_ = nullptr;
  umem_ = nullptr;
}

std::uint32_t XdpSocket::reap() {
  std::uint32_t first = 0;
  const std::uint32_t count = xsk_ring_cons__peek(&completion, kXdpRing, &first);
  for (std::uint32_t i = 0; i < count; ++i)
    free_chunks.push_back(*xsk_ring_cons__comp_addr(&completion, first + i));
  if (count != 0) xsk_ring_cons__release(&completion, count);
  return count;
}

}  // namespace longhaul::nic
