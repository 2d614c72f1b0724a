// SPDX-License-Identifier: GPL-2.0-only
//
// A testbed without a data plane, for what looks at testbeds and changes them: it notes what it is asked, and
// its clock stands still.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "emulator/dataplane/capture.h"
#include "scenarios/live_testbed.h"
#include "topologies/load.h"

namespace longhaul::test {

class FakeTestbed : public scenario::LiveTestbed {
 public:
  const topology::Topology& topology() const override { return topology_; }

  scenario::LiveView view() const override {
    scenario::LiveView view;
    view.run = topology_.name;
    view.uptime = now().since_zero();
    for (const topology::Link& link : topology_.links) {
      for (const std::size_t d : {topology::kForward, topology::kReverse}) {
        scenario::LiveDirection direction;
        direction.link = link.name;
        direction.from = topology_.sites[link.between[d]].name;
        direction.to = topology_.sites[link.between[1 - d]].name;
        direction.direction = d == topology::kForward ? "forward" : "reverse";
        direction.now.state = {link.directions[d].rate, link.directions[d].delay, link.directions[d].buffer,
                               false, false};
        direction.loss = 0.25;
        view.directions.push_back(direction);
      }
    }
    view.ports.push_back(
        {{"x", "xdp,iface=\"x\\y\"", 3, 300, 2, 200, {{"rx_missed", 0}, {"unseen_to_host", 1}}},
         "10.71.0.1"});
    view.ports.back().port.steering = {{"taken tcp 5201-5210", 3}, {"passed no_match", 4}};
    scenario::LiveLcore& lcore = view.lcores.emplace_back();
    lcore.loop.cpu = 1;
    lcore.loop.turns = 1'000;
    return view;
  }

  std::optional<Instant> change(std::span<const topology::LiveChange> asked) override {
    if (busy > 0 && busy-- > 0) return std::nullopt;
    changes.emplace_back(asked.begin(), asked.end());
    return now() + Duration::milliseconds(5);
  }

  void start_capture(std::size_t direction, dataplane::Capture& capture) override {
    captured.insert(direction);
    taps.push_back(&capture);
  }
  void stop_capture(std::size_t direction) override { captured.erase(direction); }
  void swap_hook(std::span<const std::size_t> directions, const dataplane::HookConfig& hook) override {
    if (!hook_failure.empty()) throw std::runtime_error(hook_failure);
    swapped.emplace_back(std::vector<std::size_t>(directions.begin(), directions.end()), hook);
  }
  Instant now() const override { return Instant::at(Duration::milliseconds(1'500)); }
  std::int64_t epoch_ns() const override { return 1'700'000'000'000'000'000; }

  int busy = 0;  // so often it cannot take a change
  std::vector<std::vector<topology::LiveChange>> changes;
  std::set<std::size_t> captured;
  std::vector<dataplane::Capture*> taps;
  std::string hook_failure;  // not empty: no hook can be swapped, and why
  std::vector<std::pair<std::vector<std::size_t>, dataplane::HookConfig>> swapped;

 private:
  topology::Topology topology_ = topology::load_text(
      "name: t\nsites: { a: {}, b: {}, c: {} }\nhosts: { x: { site: a }, y: { site: b } }\n"
      "links:\n"
      "  wan: { between: [a, b], delay: 5 ms, rate: 1 Gbit/s, reserve: { delay: 20 ms } }\n"
      "  lan: { between: [b, c], delay: 1 ms, rate: 1 Gbit/s }\n",
      "t.yaml");
};

}  // namespace longhaul::test
