// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace longhaul::scenario {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) {
    throw std::runtime_error(fmt::format("the path of the control socket is too long: {}", path.string()));
  }
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

nic::UniqueFd open_socket() {
  return nic::UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

ControlSocket::ControlSocket(const std::filesystem::path& path) : path_(path), listener_(open_socket()) {
  const sockaddr_un address = address_of(path);
  const mode_t before = umask(0177);
  const int bound = bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || listen(listener_.get(), 8) != 0) fail("listen at", path);
}

ControlSocket::~ControlSocket() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void ControlSocket::answer(const std::function<std::string()>& text) {
  pollfd waiting{listener_.get(), POLLIN, 0};
  while (poll(&waiting, 1, 0) == 1) {
    const nic::UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) return;
    const std::string all = text();
    const int room = static_cast<int>(all.size()) + 1;
    setsockopt(peer.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    [[maybe_unused]] const ssize_t sent = send(peer.get(), all.data(), all.size(), MSG_NOSIGNAL);
  }
}

std::string ask(const std::filesystem::path& path) {
  const nic::UniqueFd connection = open_socket();
  const sockaddr_un address = address_of(path);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("reach the testbed at", path);
  }
  std::string answer;
  char buffer[4096];
  pollfd ready{connection.get(), POLLIN, 0};
  constexpr int kPatienceMs = 5'000;
  while (true) {
    if (poll(&ready, 1, kPatienceMs) != 1) {
      throw std::runtime_error(fmt::format("the testbed at {} does not answer", path.string()));
    }
    const ssize_t got = read(connection.get(), buffer, sizeof buffer);
    if (got < 0) fail("read from", path);
    if (got == 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace longhaul::scenario
