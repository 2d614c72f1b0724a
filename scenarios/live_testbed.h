// SPDX-License-Identifier: GPL-2.0-only
//
// What live control needs of a testbed that stands: Testbed is one, tests have others. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "emulator/core/units.h"
#include "scenarios/live_view.h"
#include "topologies/live_change.h"
#include "topologies/model.h"

namespace longhaul::dataplane {
class Capture;
struct HookConfig;
}  // namespace longhaul::dataplane

namespace longhaul::scenario {

class LiveTestbed {
 public:
  virtual ~LiveTestbed() = default;

  virtual const topology::Topology& topology() const = 0;

  // Its state by the newest sample.
  virtual LiveView view() const = 0;

  // Makes all of the changes, counted from the instant that it returns; nothing, and none is made, while too
  // many others wait. Throws std::invalid_argument for what was not reserved.
  virtual std::optional<Instant> change(std::span<const topology::LiveChange> changes) = 0;

  // Records frames of a direction, by its index in a sample; one capture per direction at a time. `capture`
  // lives until stop_capture().
  virtual void start_capture(std::size_t direction, dataplane::Capture& capture) = 0;
  virtual void stop_capture(std::size_t direction) = 0;

  // Puts another program in the places of directions that have one; see Engine::swap_hook().
  virtual void swap_hook(std::span<const std::size_t> directions, const dataplane::HookConfig& hook) = 0;

  // By the clock of samples and captures, and the wall clock at its zero, ns since 1970.
  virtual Instant now() const = 0;
  virtual std::int64_t epoch_ns() const = 0;
};

}  // namespace longhaul::scenario
