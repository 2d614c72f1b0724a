// SPDX-License-Identifier: GPL-2.0-only
//
// Everything by which others look at a standing testbed and change it: the control socket, and when asked for
// metrics over HTTP; and DPDK's telemetry. What `longhaul up` and `longhaul run` put beside a Testbed, which
// outlives it. The control thread gives it turns.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "scenarios/control_service.h"
#include "scenarios/control_socket.h"
#include "scenarios/metrics_server.h"
#include "scenarios/telemetry.h"
#include "scenarios/testbed.h"

namespace longhaul::scenario {

class LiveControl {
 public:
  // Listens, and publishes where in the testbed's state. `metrics`: the port for OpenMetrics; none: not
  // served.
  LiveControl(Testbed& testbed, const std::string& version, std::optional<std::uint16_t> metrics);

  // Waits at most so long for somebody to ask for something, then does what there is to do.
  void turn(std::chrono::milliseconds wait);

  // Before the data plane stops: ends captures.
  void end();

  const results::LiveChanges& changes() const { return service_.changes(); }
  // Where the metrics are; empty when they are not served.
  std::string metrics_url() const { return metrics_ ? metrics_->url() : ""; }

 private:
  using Clock = std::chrono::steady_clock;

  LiveView view() const;

  Testbed& testbed_;
  ControlService service_;
  ControlSocket socket_;
  Telemetry telemetry_;
  std::optional<MetricsServer> metrics_;
  Clock::time_point published_{};  // to telemetry
};

}  // namespace longhaul::scenario
