// SPDX-License-Identifier: GPL-2.0-only
//
// Small UDP datagrams from one host to another, many per system call, as iperf3 does not send them: it spends
// more on each than the path between the hosts. Driven by scripts/bench.
//   udp_flood receive                         waits for datagrams, counts them until none has come for half a
//                                             second, and prints how many and in how many seconds
//   udp_flood send ADDRESS SECONDS [RATE]     sends for so long, RATE per second or as many as it can, and
//                                             prints how many
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::uint16_t kPort = 5301;
constexpr std::size_t kPayload = 64, kBurst = 64;

// Datagrams of zeros, handed to the kernel or taken from it in one call.
struct Burst {
  std::array<std::array<char, kPayload>, kBurst> payload{};
  std::array<iovec, kBurst> parts{};
  std::array<mmsghdr, kBurst> messages{};

  Burst() {
    for (std::size_t i = 0; i < kBurst; ++i) {
      parts[i] = {payload[i].data(), kPayload};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(fmt::format("cannot {}: {}", what, std::strerror(errno)));
  return result;
}

sockaddr_in address_of(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  if (::inet_pton(AF_INET, text, &address.sin_addr) != 1)
    throw std::runtime_error(fmt::format("`{}` is no IPv4 address", text));
  return address;
}

int receive() {
  const int socket = checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a socket");
  const int room = 8 << 20;  // the kernel takes what it allows
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  const timeval patience{0, 500'000};
  checked(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "set a time limit");
  const sockaddr_in own = address_of("0.0.0.0");
  checked(::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own), "take the port");
  Burst burst;
  std::uint64_t frames = 0;
  Clock::time_point first, last;
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(20);
  while (Clock::now() < deadline) {
    const int count = ::recvmmsg(socket, burst.messages.data(), kBurst, MSG_WAITFORONE, nullptr);
    if (count <= 0 && frames > 0) break;
    if (count <= 0) continue;
    last = Clock::now();
    if (frames == 0) first = last;
    frames += static_cast<std::uint64_t>(count);
  }
  ::close(socket);
  if (frames == 0) throw std::runtime_error("nothing came");
  fmt::print("{} {:.3f}\n", frames, Seconds(last - first).count());
  return 0;
}

int send(const char* to, double seconds, double rate) {
  const int socket = checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "make a socket");
  const sockaddr_in peer = address_of(to);
  checked(::connect(socket, reinterpret_cast<const sockaddr*>(&peer), sizeof peer), "reach the address");
  Burst burst;
  std::uint64_t frames = 0;
  const Clock::time_point start = Clock::now();
  for (double elapsed = 0; elapsed < seconds; elapsed = Seconds(Clock::now() - start).count()) {
    if (rate > 0 && static_cast<double>(frames) > elapsed * rate) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      continue;
    }
    const int count = ::sendmmsg(socket, burst.messages.data(), kBurst, 0);
    // A refusal before the receiver listens, and a queue that is full, pass.
    if (count > 0)
      frames += static_cast<std::uint64_t>(count);
    else if (errno != ECONNREFUSED && errno != ENOBUFS && errno != EINTR)
      checked(count, "send");
  }
  fmt::print("{} {:.3f}\n", frames, Seconds(Clock::now() - start).count());
  ::close(socket);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "receive" && argc == 2) return receive();
    if (what == "send" && (argc == 4 || argc == 5))
      return send(argv[2], std::stod(argv[3]), argc == 5 ? std::stod(argv[4]) : 0);
    fmt::print(stderr, "usage: udp_flood receive | send ADDRESS SECONDS [RATE]\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "udp_flood: {}\n", error.what());
    return 1;
  }
}
