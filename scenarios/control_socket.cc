// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "scenarios/unix_address.h"

namespace longhaul::scenario {

sockaddr_un unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) {
    throw std::runtime_error(fmt::format("the path of the control socket is too long: {}", path.string()));
  }
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

ControlSocket::ControlSocket(const std::filesystem::path& path, const Limits& limits)
    : path_(path),
      limits_(limits),
      listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const sockaddr_un address = unix_address(path);
  const mode_t before = umask(0177);
  const int bound = bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  if (bound != 0 || listen(listener_.get(), 8) != 0) {
    throw std::runtime_error(
        fmt::format("cannot listen at {}: {}", path.string(), std::strerror(bound != 0 ? error : errno)));
  }
}

ControlSocket::~ControlSocket() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void ControlSocket::add_to(std::vector<pollfd>& fds) const {
  fds.push_back({listener_.get(), POLLIN, 0});
  for (const Peer& peer : peers_) {
    short events = 0;
    if (!peer.at_end && !peer.refused && peer.received.size() <= limits_.request_bytes) events |= POLLIN;
    if (!peer.answers.empty()) events |= POLLOUT;
    fds.push_back({peer.connection.get(), events, 0});
  }
}

bool ControlSocket::busy() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const Peer& peer) {
    return !peer.refused && peer.received.find('\n') != std::string::npos;
  });
}

void ControlSocket::serve(const Handler& handler) {
  accept_all(handler);
  const Clock::time_point now = Clock::now();
  for (Peer& peer : peers_) {
    read_from(peer);
    answer(peer, handler);
    send_to(peer);
    if (peer.received.empty() && peer.answers.empty()) peer.progress = now;
    if (now - peer.progress <= limits_.patience) continue;
    const bool waits_for_us = peer.answers.empty() && peer.received.find('\n') != std::string::npos;
    if (peer.refused || !peer.answers.empty()) {
      peer.broken = true;
    } else {
      refuse(peer, handler,
             waits_for_us ? "the testbed is too busy; ask again" : "the request did not end in time");
      send_to(peer);
    }
  }
  for (const Peer& peer : peers_) {
    if (over(peer) && handler.gone) handler.gone(peer.id);
  }
  std::erase_if(peers_, [this](const Peer& peer) { return over(peer); });
}

void ControlSocket::accept_all(const Handler& handler) {
  while (true) {
    nic::UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) return;  // nobody waits; what else can be wrong shows at the next one
    Peer peer{PeerId{++last_id_}, std::move(connection)};
    peer.progress = Clock::now();
    if (peers_.size() >= limits_.peers) {
      refuse(peer, handler, fmt::format("{} others talk to the testbed already; try again", peers_.size()));
      send_to(peer);
      continue;
    }
    peers_.push_back(std::move(peer));
  }
}

void ControlSocket::read_from(Peer& peer) {
  char buffer[16 * 1024];
  while (!peer.at_end && !peer.refused && peer.received.size() <= limits_.request_bytes) {
    const ssize_t got = recv(peer.connection.get(), buffer, sizeof buffer, 0);
    if (got < 0) {
      peer.broken = errno != EAGAIN && errno != EINTR;
      return;
    }
    if (got == 0) peer.at_end = true;
    peer.received.append(buffer, static_cast<std::size_t>(got));
  }
}

void ControlSocket::answer(Peer& peer, const Handler& handler) {
  std::size_t begin = 0;
  while (!peer.refused && !peer.broken && peer.answers.size() < limits_.answer_bytes) {
    const std::size_t end = peer.received.find('\n', begin);
    const std::size_t size = std::min(end, peer.received.size()) - begin;
    if (size > limits_.request_bytes) {
      refuse(peer, handler, fmt::format("a request has at most {} bytes", limits_.request_bytes));
      return;
    }
    if (end == std::string::npos) break;
    const std::optional<std::string> text = handler.answer(peer.id, peer.received.substr(begin, size));
    if (!text) break;
    peer.answers += *text + '\n';
    peer.progress = Clock::now();
    begin = end + 1;
  }
  peer.received.erase(0, begin);
}

void ControlSocket::send_to(Peer& peer) {
  std::size_t sent = 0;
  while (!peer.broken && sent < peer.answers.size()) {
    const ssize_t some = send(peer.connection.get(), peer.answers.data() + sent, peer.answers.size() - sent,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (some < 0) {
      peer.broken = errno != EAGAIN && errno != EINTR;
      break;
    }
    sent += static_cast<std::size_t>(some);
    peer.progress = Clock::now();
  }
  peer.answers.erase(0, sent);
}

void ControlSocket::refuse(Peer& peer, const Handler& handler, const std::string& reason) {
  peer.refused = true;
  peer.received.clear();
  peer.answers += handler.refusal(reason) + '\n';
  peer.progress = Clock::now();
}

// A peer that closed its sending side still gets the answers to what it asked.
bool ControlSocket::over(const Peer& peer) const {
  if (peer.broken) return true;
  if (!peer.answers.empty()) return false;
  return peer.refused || (peer.at_end && peer.received.find('\n') == std::string::npos);
}

}  // namespace longhaul::scenario
