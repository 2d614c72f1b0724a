// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/live_control.h"

#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "scenarios/open_metrics.h"

namespace longhaul::scenario {
namespace {

std::filesystem::path private_directory(nic::LabState& state) {
  const std::filesystem::path directory = state.make_directory("control");
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
  return directory;
}

}  // namespace

LiveControl::LiveControl(Testbed& testbed, const std::string& version, std::optional<std::uint16_t> metrics)
    : testbed_(testbed), service_(testbed, version), socket_(private_directory(testbed.state()) / "socket") {
  if (metrics) metrics_.emplace(*metrics, [this] { return open_metrics_text(view()); });
  testbed.state().publish_control_socket(socket_.path());
}

LiveView LiveControl::view() const {
  LiveView view = testbed_.view();
  view.live_changes = service_.changes().count;
  return view;
}

void LiveControl::turn(std::chrono::milliseconds wait) {
  std::vector<pollfd> fds;
  socket_.add_to(fds);
  if (metrics_) metrics_->add_to(fds);
  constexpr std::chrono::milliseconds kBusy{1};
  poll(fds.data(), fds.size(), static_cast<int>((socket_.busy() ? std::min(wait, kBusy) : wait).count()));
  testbed_.drain();
  socket_.serve(service_.handler());
  service_.drain();
  if (metrics_) metrics_->serve();
  constexpr auto kTelemetryAge = std::chrono::milliseconds(500);
  if (const Clock::time_point now = Clock::now(); now - published_ > kTelemetryAge) {
    published_ = now;
    telemetry_.publish(view());
  }
}

void LiveControl::end() {
  service_.end_captures();
}

}  // namespace longhaul::scenario
