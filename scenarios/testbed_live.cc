// SPDX-License-Identifier: GPL-2.0-only
//
// What of a testbed is seen and changed while it stands.
#include <vector>

#include "scenarios/telemetry.h"
#include "scenarios/testbed.h"

namespace longhaul::scenario {

LiveView Testbed::view() const {
  LiveView view;
  view.run = name_;
  view.uptime = latest_.at.since_zero();
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    const dataplane::DirectionConfig& config = config_.directions[d];
    LiveDirection direction;
    direction.link = topology_.links[config.owner.link].name;
    direction.from = topology_.sites[config.from_site].name;
    direction.to = topology_.sites[config.to_site].name;
    direction.direction = config.owner.direction == topology::kForward ? "forward" : "reverse";
    direction.framing = config.link.framing;
    direction.overhead = config.link.overhead;
    direction.now = latest_.directions[d];
    direction.hooks = hook_results(d);
    view.directions.push_back(std::move(direction));
  }
  std::vector<results::PortResult> ports = port_results(latest_);
  ports.resize(config_.ports.size());  // what follows is about directions, which have it themselves
  for (std::size_t p = 0; p < ports.size(); ++p) {
    view.ports.push_back({std::move(ports[p]), lab_index_[p] ? host_address(p) : "external"});
  }
  for (const dataplane::LoopStatistics& loop : latest_.lcores) view.lcores.push_back({loop});
  view.samples_lost = engine_->samples_lost();
  view.telemetry_socket = Telemetry::socket();
  recorder_.fill(view);
  return view;
}

std::optional<Instant> Testbed::change(std::span<const topology::LiveChange> changes) {
  std::vector<dataplane::PlannedChange> planned;
  for (const topology::LiveChange& change : changes) {
    planned.push_back({2 * change.link + change.direction, change.after, change.change});
  }
  const std::optional<Instant> begin = engine_->change(planned);
  if (begin) recorder_.add(planned, *begin);
  return begin;
}

void Testbed::start_capture(std::size_t direction, dataplane::Capture& capture) {
  engine_->start_capture(direction, capture);
}

void Testbed::stop_capture(std::size_t direction) {
  engine_->stop_capture(direction);
}

void Testbed::swap_hook(std::span<const std::size_t> directions, const dataplane::HookConfig& hook) {
  for (const dataplane::HookedPlace& place : engine_->swap_hook(directions, hook)) {
    swapped_hooks_[place] = hook.program;
  }
}

}  // namespace longhaul::scenario
