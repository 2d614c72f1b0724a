// SPDX-License-Identifier: GPL-2.0-only
//
// OpenMetrics over HTTP for Prometheus: GET /metrics on the loopback interface, and only there. Driven by the
// control thread through libmicrohttpd's external polling; no thread of its own, no request is waited for,
// slow clients are dropped after seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct pollfd;

namespace longhaul::scenario {

class MetricsServer {
 public:
  // Free on most machines: Prometheus exporters of the OpenTelemetry project use it.
  static constexpr std::uint16_t kDefaultPort = 9464;

  // Listens on 127.0.0.1; port 0 takes a free one. `text` makes the answer to each request. Throws
  // std::runtime_error, one line, when the port is taken.
  MetricsServer(std::uint16_t port, std::function<std::string()> text);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const;

  // Appends what to poll before serve() has something to do.
  void add_to(std::vector<pollfd>& fds) const;
  // Accepts, reads and answers what can be without waiting.
  void serve();

 private:
  struct Daemon;
  std::function<std::string()> text_;
  std::unique_ptr<Daemon> daemon_;
  std::uint16_t port_ = 0;
};

}  // namespace longhaul::scenario
