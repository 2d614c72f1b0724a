// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/metrics_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "nic/file_descriptor.h"
#include "scenarios/open_metrics.h"

namespace longhaul::scenario {
namespace {

MHD_Result send(MHD_Connection* connection, unsigned status, const char* type, const std::string& body) {
  // libmicrohttpd copies the body; its signature has been without const since its first release.
  MHD_Response* response =
      MHD_create_response_from_buffer(body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

MHD_Result answer(void* text, MHD_Connection* connection, const char* url, const char* method, const char*,
                  const char*, std::size_t*, void**) {
  const std::string_view verb(method);
  constexpr const char* kPlain = "text/plain; charset=utf-8";
  if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD) {
    return send(connection, MHD_HTTP_METHOD_NOT_ALLOWED, kPlain, "only GET and HEAD\n");
  }
  if (std::string_view(url) != "/metrics") {
    return send(connection, MHD_HTTP_NOT_FOUND, kPlain, "the metrics are at /metrics\n");
  }
  try {
    return send(connection, MHD_HTTP_OK, kOpenMetricsType,
                (*static_cast<std::function<std::string()>*>(text))());
  } catch (const std::exception& error) {  // must not pass through C
    return send(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, kPlain, fmt::format("{}\n", error.what()));
  }
}

// Ours, because libmicrohttpd does not say why it could not bind.
nic::UniqueFd listen_on_loopback(std::uint16_t port) {
  nic::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // past connections may linger
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.get(), 16) != 0) {
    throw std::runtime_error(fmt::format("cannot serve metrics on 127.0.0.1:{}: {}{}", port,
                                         std::strerror(errno),
                                         errno == EADDRINUSE ? "; choose another with --metrics=PORT" : ""));
  }
  return listener;
}

std::uint16_t port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

struct MetricsServer::Daemon {
  explicit Daemon(MHD_Daemon* started) : mhd(started) {}
  ~Daemon() { MHD_stop_daemon(mhd); }  // closes its sockets
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  MHD_Daemon* mhd;
};

MetricsServer::MetricsServer(std::uint16_t port, std::function<std::string()> text) : text_(std::move(text)) {
  const nic::UniqueFd listener = listen_on_loopback(port);
  port_ = port_of(listener.get());
  const int daemons_own = fcntl(listener.get(), F_DUPFD_CLOEXEC, 0);  // which it closes
  MHD_Daemon* started =
      MHD_start_daemon(MHD_USE_EPOLL, port_, nullptr, nullptr, answer, &text_, MHD_OPTION_LISTEN_SOCKET,
                       daemons_own, MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_CONNECTION_LIMIT, 32u,
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, std::size_t{16 * 1024}, MHD_OPTION_END);
  if (started == nullptr) {
    throw std::runtime_error(
        fmt::format("cannot serve metrics on 127.0.0.1:{}: libmicrohttpd refuses", port_));
  }
  daemon_ = std::make_unique<Daemon>(started);
}

MetricsServer::~MetricsServer() = default;

std::string MetricsServer::url() const {
  return fmt::format("http://127.0.0.1:{}/metrics", port_);
}

void MetricsServer::add_to(std::vector<pollfd>& fds) const {
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_->mhd, MHD_DAEMON_INFO_EPOLL_FD);
  fds.push_back({info->epoll_fd, POLLIN, 0});
}

void MetricsServer::serve() {
  MHD_run(daemon_->mhd);
}

}  // namespace longhaul::scenario
