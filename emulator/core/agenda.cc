// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/agenda.h"

#include <algorithm>
#include <limits>

namespace longhaul::core {

Agenda::Agenda(const Timeline& timeline) : timeline_(timeline) {
  for (const Event& event : timeline_.events) {
    const bool once = event.period == Duration();
    const std::uint64_t times = once               ? 1
                                : event.times == 0 ? std::numeric_limits<std::uint64_t>::max()
                                                   : event.times;
    const bool waits = event.origin == Origin::kFirstFrame;
    waits_for_first_frame_ |= waits;
    events_.push_back({waits ? Instant::never() : Instant::at(event.at), times});
  }
  if (!timeline_.trace.rows.empty()) {
    if (timeline_.trace.origin == Origin::kFirstFrame) {
      waits_for_first_frame_ = true;
    } else {
      trace_next_ = Instant::at(timeline_.trace.rows[0].at);
    }
  }
  planned_.reserve(kMostPlanned);
  find_next();
}

bool Agenda::plan(Instant at, const Change& change) {
  if (planned_.size() == kMostPlanned) return false;
  const auto later =
      std::find_if(planned_.begin(), planned_.end(), [at](const Planned& p) { return p.at <= at; });
  planned_.insert(later, {at, change});
  find_next();
  return true;
}

void Agenda::first_frame(Instant at) {
  waits_for_first_frame_ = false;
  for (std::size_t e = 0; e < events_.size(); ++e) {
    if (timeline_.events[e].origin == Origin::kFirstFrame) events_[e].next = at + timeline_.events[e].at;
  }
  if (!timeline_.trace.rows.empty() && timeline_.trace.origin == Origin::kFirstFrame) {
    trace_start_ = at;
    trace_next_ = at + timeline_.trace.rows[0].at;
  }
  find_next();
}

const Change& Agenda::take() {
  if (trace_next_ == next_) {
    const Trace& trace = timeline_.trace;
    const Change& change = trace.rows[row_].change;
    if (++row_ == trace.rows.size()) {
      row_ = 0;
      trace_start_ = trace.period == Duration() ? Instant::never() : trace_start_ + trace.period;
    }
    trace_next_ = trace_start_ == Instant::never() ? trace_start_ : trace_start_ + trace.rows[row_].at;
    find_next();
    return change;
  }
  std::size_t e = 0;
  while (e < events_.size() && events_[e].next != next_) ++e;
  if (e == events_.size()) {
    taken_ = planned_.back().change;
    planned_.pop_back();
    if (!taken_.background) ++planned_taken_;
    find_next();
    return taken_;
  }
  const Event& event = timeline_.events[e];
  events_[e].next = --events_[e].left == 0 ? Instant::never() : next_ + event.period;
  find_next();
  return event.change;
}

void Agenda::find_next() {
  next_ = trace_next_;
  for (const Cursor& cursor : events_) next_ = std::min(next_, cursor.next);
  if (!planned_.empty()) next_ = std::min(next_, planned_.back().at);
}

}  // namespace longhaul::core
