// SPDX-License-Identifier: GPL-2.0-only
//
// A lab host whose emulator end has an address of the kernel's, and what the kernels of both ends say to one
// another beside a port of ours. For a process with a network namespace of its own.
#pragma once

#include <netinet/tcp.h>

#include <functional>

#include "tests/nic/xdp_port_fixture.h"

namespace longhaul::nic {

constexpr const char* kHost = "10.199.0.1";    // of lab host 0
constexpr const char* kHere = "10.199.0.254";  // of the emulator's end, for the kernel
constexpr std::uint16_t kShell = 2'222;        // the session's, for the kernel
constexpr std::uint16_t kTaken = 5'205, kOther = 6'000;
constexpr std::size_t kHeaders = 14 + 20 + 8;  // Ethernet, IPv4 and UDP
inline const std::string kFilter = "udp 5201-5210 destination+tcp 5201-5210+vlan 100";

inline sockaddr_in at(const char* address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

inline void check(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

inline UniqueFd socket_of(int type) {
  UniqueFd made(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  check(bool(made), "socket");
  const timeval patience{kDeadline.count(), 0};
  const int yes = 1;
  ::setsockopt(made.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (type == SOCK_STREAM) ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return made;
}

inline UniqueFd bound(int type, const char* address, std::uint16_t port) {
  UniqueFd made = socket_of(type);
  const sockaddr_in where = at(address, port);
  check(::bind(made.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0, "bind");
  return made;
}

// A socket stays in the namespace that it was made in.
inline UniqueFd in_namespace(int network_namespace, const std::function<UniqueFd()>& make) {
  UniqueFd made;
  run_in_namespace(network_namespace, [&] { made = make(); });
  return made;
}

// TCP between the kernels of both ends, like a shell: a message goes only when the last was answered.
class Session {
 public:
  explicit Session(int host) {
    const UniqueFd listener = in_namespace(host, [] {
      UniqueFd made = bound(SOCK_STREAM, kHost, kShell);
      check(::listen(made.get(), 1) == 0, "listen");
      return made;
    });
    here_ = socket_of(SOCK_STREAM);
    const sockaddr_in where = at(kHost, kShell);
    check(::connect(here_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0, "connect");
    there_ = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    check(bool(there_), "accept");
    const timeval patience{kDeadline.count(), 0};
    ::setsockopt(there_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  // Whether a message and its answer of that size arrive as they were sent.
  bool exchange(std::uint32_t number, std::size_t size) {
    const Bytes message = numbered_frame(number, size), answer = numbered_frame(~number, size);
    return send(here_, message) && receive(there_, size) == message && send(there_, answer) &&
           receive(here_, size) == answer;
  }

 private:
  static bool send(const UniqueFd& socket, const Bytes& bytes) {
    return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  static Bytes receive(const UniqueFd& socket, std::size_t size) {
    Bytes bytes(size);
    const ssize_t got = ::recv(socket.get(), bytes.data(), size, MSG_WAITALL);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  }

  UniqueFd here_, there_;
};

inline std::uint64_t steered(const Port& port, const std::string& what) {
  for (const auto& [name, frames] : port.statistics().steering)
    if (name == what) return frames;
  ADD_FAILURE() << "no counter named " << what;
  return 0;
}

class SharedInterface : public XdpPortTest {
 protected:
  void share(std::uint32_t mtu) {
    make_hosts(mtu);
    run({"ip", "addr", "add", std::string(kHere) + "/24", "dev", interface()});
    sender_ = in_namespace(lab_->namespace_fd(0), [] { return bound(SOCK_DGRAM, kHost, 0); });
  }
  std::string shared_device(const std::string& filter = kFilter) const {
    return device() + ",steer=" + filter;
  }

  // From the host's stack to the kernel's address here.
  void send_datagram(std::uint16_t port, const Bytes& payload) {
    const sockaddr_in where = at(kHere, port);
    check(
        ::sendto(sender_.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&where),
                 sizeof where) == static_cast<ssize_t>(payload.size()),
        "sendto");
  }
  static Bytes datagram(const UniqueFd& socket, int flags = 0) {
    Bytes payload(65'536);
    const ssize_t size = ::recv(socket.get(), payload.data(), payload.size(), flags);
    payload.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return payload;
  }

  // That the kernel gets even what the filter names: nothing of ours is there any more.
  void expect_kernel_has_it_all() {
    EXPECT_EQ(program_on(interface()), 0u);
    const UniqueFd receiver = bound(SOCK_DGRAM, kHere, kTaken);
    send_datagram(kTaken, numbered_frame(99, 100));
    EXPECT_EQ(datagram(receiver), numbered_frame(99, 100));
  }

  UniqueFd sender_;
};

}  // namespace longhaul::nic
