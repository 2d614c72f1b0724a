// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/pause_state.h"

namespace longhaul::core {

void PauseState::pause(std::size_t traffic_class, Instant until, Instant now) {
  Class& c = classes_[traffic_class];
  if (!c.paused) c.since = now;
  c.paused = true;
  c.until = until;
  c.restore_from = now;
  update();
}

void PauseState::resume(std::size_t traffic_class, Instant now) {
  Class& c = classes_[traffic_class];
  if (c.paused) c.total += now - c.since;
  c.paused = false;
  update();
}

unsigned PauseState::expire(Instant now) {
  unsigned acts = 0;
  for (std::size_t i = 0; i < kMostClasses; ++i) {
    Class& c = classes_[i];
    if (c.paused && c.until <= now) {
      c.total += c.until - c.since;
      c.paused = false;
    }
    if (watchdog_.detection == Duration()) continue;
    if (c.acted && c.restore_from + watchdog_.restoration <= now) {
      c.acted = false;
      if (c.paused) c.total += now - c.since, c.since = now;  // a pause that goes on is watched anew
    }
    if (c.paused && !c.acted && c.since + watchdog_.detection <= now) {
      c.acted = true;
      c.restore_from = now;
      acts |= 1U << i;
    }
  }
  update();
  return acts;
}

void PauseState::update() {
  held_ = dropping_ = 0;
  next_ = Instant::never();
  for (std::size_t i = 0; i < kMostClasses; ++i) {
    const Class& c = classes_[i];
    const unsigned bit = 1U << i;
    if (c.paused) next_ = std::min(next_, c.until);
    if (c.acted) {
      next_ = std::min(next_, c.restore_from + watchdog_.restoration);
      if (watchdog_.action == WatchdogAction::kDrop) dropping_ |= bit;
    } else if (c.paused) {
      held_ |= bit;
      if (watchdog_.detection != Duration()) next_ = std::min(next_, c.since + watchdog_.detection);
    }
  }
}

}  // namespace longhaul::core
