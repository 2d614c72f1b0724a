// SPDX-License-Identifier: GPL-2.0-only
#include "tests/core/reference_model.h"

#include <algorithm>

namespace longhaul::testing {

using core::Change;
using core::DropCause;
using core::Event;
using core::Frame;

namespace {

constexpr Wide kWorkOfByte = Wide{8} * 1'000'000'000'000;

}  // namespace

ReferenceModel::ReferenceModel(core::LinkConfig config, Bytes largest_frame, Given given)
    : config_(std::move(config)),
      largest_(largest_frame),
      given_(std::move(given)),
      rate_(config_.rate.bps()),
      buffer_(config_.buffer.count()),
      delay_(config_.delay.ps()),
      loss_(config_.loss),
      events_done_(config_.timeline.events.size(), 0),
      members_(config_.waves.members) {}

void ReferenceModel::arrive(Frame frame) {
  frame.at = std::max(frame.at, Instant::at(Duration::picoseconds(now_)));
  if (!first_frame_) first_frame_ = frame.at.ps();
  run_until(frame.at.ps());
  Waiting what{frame, class_of(frame), now_, counters_.in.frames, false, 0};
  counters_.in.add(frame.size);
  counters_.classes[what.cls].in.add(frame.size);

  std::vector<Member*> up;
  for (Member& member : members_)
    if (member.up) up.push_back(&member);
  if (up.empty()) return drop_waiting(what, DropCause::kOutage);
  Member& member = *up[frame.flow % up.size()];

  if (pause_[what.cls].acting && config_.far_end.pfc.watchdog.action == core::WatchdogAction::kDrop)
    return drop_waiting(what, DropCause::kWatchdog);
  const bool is_capable = frame.ecn != core::Ecn::kNotCapable;
  const bool marks = background_.mark >= 1 && is_capable;
  if (background_.loss >= 1 || (background_.mark >= 1 && !is_capable))
    return drop_waiting(what, DropCause::kBackground);
  const bool empty =
      std::all_of(member.queue.begin(), member.queue.end(), [](const auto& queue) { return queue.empty(); });
  const bool starts_at_once = empty && !member.sending && member_rate() > 0 && !held_back(what.cls);
  if (starts_at_once) {
    if (marks) mark_or(what, true, core::MarkCause::kBackground, DropCause::kBackground);
    return start(member, what);
  }
  if (const auto cause = refused(what)) return drop_waiting(what, *cause);
  if (marks && !what.frame.marked) mark_or(what, true, core::MarkCause::kBackground, DropCause::kBackground);
  member.queue[what.cls].push_back(what);
  serve(member);
  counters_.queue_peak_bytes = std::max(counters_.queue_peak_bytes, waiting_bytes());
}

void ReferenceModel::run_until(std::int64_t time) {
  while (next_instant() <= time) {
    move_to(next_instant());
    step();
  }
  move_to(std::max(now_, time));
}

void ReferenceModel::move_to(std::int64_t time) {
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls)
    if (pause_[cls].paused) pause_[cls].total += time - now_;
  now_ = time;
}

// Everything that happens at one instant, in this order.
void ReferenceModel::step() {
  for (std::size_t index = 0; index < members_.size(); ++index) {
    if (members_[index].sending && finish_of(*members_[index].sending) <= now_) finish(index);
  }
  change_what_is_due();
  take_pauses();
  for (Member& member : members_) serve(member);
  step_far_end();
}

std::int64_t ReferenceModel::next_instant() const {
  std::int64_t next = row_due();
  auto also = [&](std::int64_t time) { next = std::min(next, time); };
  for (std::size_t event = 0; event < config_.timeline.events.size(); ++event) also(event_due(event));
  for (const Member& member : members_) {
    if (member.sending) also(finish_of(*member.sending));
    for (const auto& queue : member.queue)
      if (!queue.empty() && queue.front().outer && queue.front().written > now_) also(queue.front().written);
  }
  for (const PauseFrame& frame : pause_frames_) also(frame.at);
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls) {
    if (pause_[cls].paused) also(pause_[cls].until);
    also(restore_due(cls));
    also(detect_due(cls));
    also(refresh_due(cls));
  }
  for (const OnLine& frame : line_) also(frame.due);
  for (const std::int64_t until : far_paused_until_)
    if (until > now_) also(until);
  if (far_sending_) also(far_sending_->second);
  return next;
}

std::int64_t ReferenceModel::member_rate() const {
  return static_cast<std::int64_t>(rate_left() / config_.waves.members);
}

std::uint64_t ReferenceModel::rate_left() const {
  if (rate_ == 0) return 0;
  return std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(rate_) * background_.share_left));
}

std::int64_t ReferenceModel::finish_of(const Sending& sending) const {
  if (member_rate() == 0) return kNever;
  const auto rest = static_cast<std::int64_t>((sending.work + member_rate() - 1) / member_rate());
  return std::max(sending.since + rest, sending.not_before);
}

void ReferenceModel::start(Member& member, const Waiting& what) {
  const Bytes counted = counted_size(Bytes(what.frame.size), config_);
  const Wide work = static_cast<Wide>(counted.count()) * kWorkOfByte;
  std::int64_t not_before = now_;
  if (what.outer)
    not_before = now_ + serialisation_time(Bytes(what.frame.size), config_.queues.tiers.bandwidth).ps();
  member.sending = Sending{what, now_, work, now_, not_before};
}

std::int64_t ReferenceModel::event_due(std::size_t index) const {
  const Event& event = config_.timeline.events[index];
  if (event.origin == core::Origin::kFirstFrame && !first_frame_) return kNever;
  const std::int64_t zero = event.origin == core::Origin::kFirstFrame ? *first_frame_ : 0;
  const std::uint64_t times = event.period.ps() == 0 ? 1 : event.times;
  if (times != 0 && events_done_[index] >= times) return kNever;
  return zero + event.at.ps() + static_cast<std::int64_t>(events_done_[index]) * event.period.ps();
}

std::int64_t ReferenceModel::row_due() const {
  const core::Trace& trace = config_.timeline.trace;
  if (trace.rows.empty() || (trace.origin == core::Origin::kFirstFrame && !first_frame_)) return kNever;
  const std::int64_t zero = trace.origin == core::Origin::kFirstFrame ? *first_frame_ : 0;
  const std::uint64_t round = rows_done_ / trace.rows.size();
  if (round > 0 && trace.period.ps() == 0) return kNever;
  return zero + static_cast<std::int64_t>(round) * trace.period.ps() +
         trace.rows[rows_done_ % trace.rows.size()].at.ps();
}

void ReferenceModel::change_what_is_due() {
  const core::Timeline& timeline = config_.timeline;
  while (row_due() <= now_) apply(timeline.trace.rows[rows_done_++ % timeline.trace.rows.size()].change);
  for (std::size_t index = 0; index < timeline.events.size(); ++index) {
    while (event_due(index) <= now_) {
      ++events_done_[index];
      apply(timeline.events[index].change);
    }
  }
}

void ReferenceModel::apply(const Change& change) {
  if (change.rate || change.background) settle();
  if (change.rate) rate_ = change.rate->bps();
  if (change.background) background_ = *change.background;
  if (change.delay) delay_ = change.delay->ps();
  if (change.new_route) {
    for (Member& member : members_) member.last_due = std::numeric_limits<std::int64_t>::min();
  }
  if (change.loss) loss_ = core::LossModel(*change.loss);
  if (change.buffer) buffer_ = change.buffer->count();
  if (change.dark) {
    if (*change.dark && !dark_since_) dark_since_ = now_;
    if (!*change.dark && dark_since_) {
      if (*dark_since_ < now_) dark_.emplace_back(*dark_since_, now_);
      dark_since_.reset();
    }
  }
  if (change.blackhole) blackhole_ = *change.blackhole;
  for (Member& member : members_) member.burst += change.burst;
  if (change.member) {
    Member& member = members_.at(change.member->index);
    if (!change.member->up) member_down(member);
    member.up = change.member->up;
  }
  if (change.storm) storm(*change.storm);
}

// Brings what each member has sent up to now, at the rate up to now.
void ReferenceModel::settle() {
  for (Member& member : members_) {
    if (!member.sending) continue;
    const Wide sent = static_cast<Wide>(member_rate()) * (now_ - member.sending->since);
    member.sending->work = sent < member.sending->work ? member.sending->work - sent : Wide{0};
    member.sending->since = now_;
  }
}

void ReferenceModel::member_down(Member& member) {
  if (member.sending) drop(member.sending->what.frame, DropCause::kOutage);
  member.sending.reset();
  for (std::size_t cls = 0; cls < member.queue.size(); ++cls) {
    const auto lost = std::exchange(member.queue[cls], {});
    if (!lost.empty()) after_removal(member, cls);
    for (const Waiting& what : lost) drop_waiting(what, DropCause::kOutage);
  }
}

core::LinkCounters ReferenceModel::counters() const {
  core::LinkCounters all = counters_;
  all.queue_bytes = waiting_bytes();
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls) {
    all.classes[cls].queue_bytes = waiting_bytes(cls);
    all.classes[cls].paused = Duration::picoseconds(pause_[cls].total);
  }
  for (const Member& member : members_) {
    if (member.sending) all.held.add(member.sending->what.frame.size);
    for (const auto& queue : member.queue)
      for (const Waiting& what : queue) all.held.add(what.frame.size);
  }
  for (const OnLine& what : line_) all.held.add(what.frame.size);
  for (const auto& queue : far_)
    for (const Frame& frame : queue) all.held.add(frame.size);
  if (far_sending_) all.held.add(far_sending_->first.size);
  return all;
}

}  // namespace longhaul::testing
