// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "scenarios/control_service.h"
#include "scenarios/unix_address.h"

namespace longhaul::scenario {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

}  // namespace

ControlClient::ControlClient(const std::filesystem::path& path)
    : path_(path), connection_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = unix_address(path);
  if (connect(connection_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("reach the testbed at", path);
  }
}

std::string ControlClient::exchange(const std::string& line) {
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t some = send(connection_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (some < 0) fail("write to the testbed at", path_);
    sent += static_cast<std::size_t>(some);
  }
  char buffer[16 * 1024];
  pollfd ready{connection_.get(), POLLIN, 0};
  constexpr int kPatienceMs = 10'000;
  while (received_.find('\n') == std::string::npos) {
    const int polled = poll(&ready, 1, kPatienceMs);
    if (polled < 0 && errno == EINTR) continue;  // the caller looks at signals between requests
    if (polled != 1) {
      throw std::runtime_error(fmt::format("the testbed at {} does not answer", path_.string()));
    }
    const ssize_t got = recv(connection_.get(), buffer, sizeof buffer, 0);
    if (got < 0) fail("read from the testbed at", path_);
    if (got == 0) throw std::runtime_error(fmt::format("the testbed at {} has ended", path_.string()));
    received_.append(buffer, static_cast<std::size_t>(got));
  }
  const std::size_t end = received_.find('\n');
  std::string answer = received_.substr(0, end);
  received_.erase(0, end + 1);
  return answer;
}

nlohmann::ordered_json ControlClient::ask(const nlohmann::ordered_json& request) {
  const std::string text = exchange(request.dump() + "\n");
  nlohmann::ordered_json answer = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!answer.is_object()) {
    throw std::runtime_error(fmt::format("the testbed at {} does not speak this protocol", path_.string()));
  }
  if (!answer.contains("error")) return answer;
  const auto why = answer["error"].get<std::string>();
  if (answer.value("status", 1) == kRequestIsWrong) throw RequestRefused(why);
  throw std::runtime_error(why);
}

}  // namespace longhaul::scenario
