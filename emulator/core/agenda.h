// SPDX-License-Identifier: GPL-2.0-only
//
// A Timeline on its way through time, and what was planned on top of it while it ran: which changes take
// effect when. Single owner, no allocation after construction; next() is O(1), a change costs a look at each
// event of the list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/core/timeline.h"

namespace longhaul::core {

class Agenda {
 public:
  explicit Agenda(const Timeline& timeline);

  static constexpr std::size_t kMostPlanned = 128;

  // When something changes next; Instant::never() when nothing will.
  Instant next() const { return next_; }

  // One more change, after those of the timeline at the same instant and after those planned before for it.
  // False when kMostPlanned wait already.
  bool plan(Instant at, const Change& change);
  // Those of the background, which come all the time, are not counted.
  std::uint64_t planned_taken() const { return planned_taken_; }

  // The change that is due first, at next(), which must not be never(). The next one may be at the same
  // instant.
  const Change& take();

  // The first frame was offered: what counts from there begins to count. Once.
  void first_frame(Instant at);
  bool waits_for_first_frame() const { return waits_for_first_frame_; }

 private:
  struct Cursor {
    Instant next;  // never() when it is over, or waits for the first frame
    std::uint64_t left = 0;
  };
  struct Planned {
    Instant at;
    Change change;
  };
  void find_next();

  Timeline timeline_;
  std::vector<Cursor> events_;  // one for each event
  std::size_t row_ = 0;         // of the trace, the one that comes next
  Instant trace_start_;
  Instant trace_next_ = Instant::never();
  std::vector<Planned> planned_;  // the latest first
  Change taken_;                  // from there
  std::uint64_t planned_taken_ = 0;
  Instant next_ = Instant::never();
  bool waits_for_first_frame_ = false;
};

}  // namespace longhaul::core
