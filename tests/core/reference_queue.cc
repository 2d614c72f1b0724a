// SPDX-License-Identifier: GPL-2.0-only
//
// The queue of the reference model: admission, scheduler, active queue management.
#include <algorithm>
#include <cmath>

#include "tests/core/reference_model.h"

namespace longhaul::testing {

using core::ClassConfig;
using core::DropCause;
using core::Frame;
using core::MarkCause;

std::size_t ReferenceModel::class_of(const Frame& frame) const {
  const core::QueueConfig& queues = config_.queues;
  if (queues.key == core::ClassKey::kPcp) return queues.class_of_pcp.at(frame.pcp);
  if (queues.key == core::ClassKey::kDscp) return queues.class_of_dscp.at(frame.dscp);
  return 0;
}

std::uint64_t ReferenceModel::waiting_bytes(std::optional<std::size_t> cls) const {
  std::uint64_t sum = 0;
  for (const Member& member : members_)
    for (const auto& queue : member.queue)
      for (const Waiting& what : queue)
        if (!cls || what.cls == *cls) sum += what.frame.size;
  return sum;
}

std::uint64_t ReferenceModel::waiting_frames(std::optional<std::size_t> cls) const {
  std::uint64_t sum = 0;
  for (const Member& member : members_)
    for (std::size_t each = 0; each < member.queue.size(); ++each)
      if (!cls || each == *cls) sum += member.queue[each].size();
  return sum;
}

std::optional<DropCause> ReferenceModel::refused(Waiting& what) {
  const ClassConfig& config = config_.queues.classes.at(what.cls);
  const std::uint64_t size = what.frame.size;
  if (waiting_bytes() + size > buffer_) return DropCause::kQueueFull;
  if (waiting_frames() + 1 > buffer_ / 60) return DropCause::kQueueFull;

  const std::uint64_t class_bytes = waiting_bytes(what.cls) + size;
  const auto limit = [](std::uint64_t value) { return value != 0; };
  if (limit(config.limit_bytes.count()) && class_bytes > config.limit_bytes.count())
    return DropCause::kQueueFull;
  if (limit(config.limit_frames) && waiting_frames(what.cls) + 1 > config.limit_frames)
    return DropCause::kQueueFull;
  if (config.limit_time != Duration{} &&
      Bytes(class_bytes) > bytes_in(BitRate::bits_per_second(rate_left()), config.limit_time))
    return DropCause::kQueueFull;

  DropCause cause{};
  if (!pool_takes(what, cause)) return cause;

  const core::TwoTier& tiers = config_.queues.tiers;
  if (tiers.on_chip != Bytes{}) {
    const std::uint64_t on_chip = tiers.on_chip.count();
    const std::uint64_t staging = tiers.staging != Bytes{} ? tiers.staging.count() : on_chip / 4;
    for (const Member& member : members_)
      for (const Waiting& other : member.queue[what.cls]) what.outer |= other.outer;
    what.outer |= on_chip_bytes() + size > on_chip - staging;
    if (what.outer && unwritten_bytes() + size > staging) return DropCause::kOnChipFull;
  }
  if (const auto dropped = enqueue_aqm(what)) return dropped;
  if (what.outer) {
    const Duration writing = serialisation_time(Bytes(size), tiers.bandwidth);
    write_free_ = std::max(write_free_, now_) + writing.ps();
    what.written = write_free_;
  }
  return std::nullopt;
}

bool ReferenceModel::pool_takes(const Waiting& what, DropCause& cause) const {
  const auto& classes = config_.queues.classes;
  auto shared_part = [&](std::size_t cls, std::uint64_t more) {
    const std::uint64_t bytes = waiting_bytes(cls) + more, own = classes[cls].reserved.count();
    return static_cast<std::int64_t>(bytes > own ? bytes - own : 0);
  };
  auto shared = static_cast<std::int64_t>(buffer_);
  std::int64_t used = 0;
  for (std::size_t cls = 0; cls < classes.size(); ++cls) {
    shared -= static_cast<std::int64_t>(classes[cls].reserved.count());
    used += shared_part(cls, 0);
  }
  const std::int64_t needs = shared_part(what.cls, what.frame.size);
  if (needs == 0) return true;
  if (used - shared_part(what.cls, 0) + needs > shared) {
    cause = DropCause::kQueueFull;
    return false;
  }
  const double alpha = classes[what.cls].alpha;
  if (alpha > 0 && static_cast<double>(needs) > alpha * static_cast<double>(shared - used)) {
    cause = DropCause::kPoolThreshold;
    return false;
  }
  return true;
}

std::uint64_t ReferenceModel::on_chip_bytes() const {
  std::uint64_t sum = 0;
  for (const Member& member : members_)
    for (const auto& queue : member.queue)
      for (const Waiting& what : queue)
        if (!what.outer) sum += what.frame.size;
  return sum;
}

// So many bytes that they take as long to write as the outer tier is still busy.
std::uint64_t ReferenceModel::unwritten_bytes() const {
  if (write_free_ <= now_) return 0;
  const BitRate bandwidth = config_.queues.tiers.bandwidth;
  const Duration busy = Duration::picoseconds(write_free_ - now_);
  std::uint64_t bytes = bytes_in(bandwidth, busy).count();
  while (serialisation_time(Bytes(bytes), bandwidth) < busy) ++bytes;
  return bytes;
}

bool ReferenceModel::red_hits(const core::aqm::Red& red, const Waiting& what, std::uint64_t depth) const {
  const bool predictable = red.average_shift == 0;
  if (predictable && depth <= red.min.count()) return false;
  if (predictable && depth > red.max.count()) return true;
  return given_(Chance::kRed, 0, what.offered).has_value();
}

std::optional<DropCause> ReferenceModel::mark_or(Waiting& what, bool ecn, MarkCause mark, DropCause cause) {
  if (!ecn || what.frame.ecn == core::Ecn::kNotCapable) return cause;
  what.frame.ecn = core::Ecn::kExperienced;
  what.frame.marked = true;
  counters_.marked[static_cast<std::size_t>(mark)].add(what.frame.size);
  ++counters_.classes[what.cls].marked;
  return std::nullopt;
}

std::optional<DropCause> ReferenceModel::enqueue_aqm(Waiting& what) {
  const core::Aqm& aqm = config_.queues.classes[what.cls].aqm;
  if (const auto* red = std::get_if<core::aqm::Red>(&aqm)) {
    if (!red->at_dequeue && red_hits(*red, what, waiting_bytes(what.cls)))
      return mark_or(what, red->ecn, MarkCause::kRed, DropCause::kRed);
  } else if (std::holds_alternative<core::aqm::Pie>(aqm)) {
    const auto fate = given_(Chance::kPie, 0, what.offered);
    if (fate == core::Fate::kDropped) return DropCause::kPie;
    if (fate == core::Fate::kMarked) mark_or(what, true, MarkCause::kPie, DropCause::kPie);
  }
  return std::nullopt;
}

std::optional<DropCause> ReferenceModel::dequeue_aqm(Member& member, Waiting& what) {
  const ClassConfig& config = config_.queues.classes[what.cls];
  if (config.time_cap != Duration{} && now_ - what.since > config.time_cap.ps()) return DropCause::kTimeCap;
  if (const auto* red = std::get_if<core::aqm::Red>(&config.aqm)) {
    if (red->at_dequeue && red_hits(*red, what, waiting_bytes(what.cls) - what.frame.size))
      return mark_or(what, red->ecn, MarkCause::kRed, DropCause::kRed);
  } else if (const auto* codel_config = std::get_if<core::aqm::Codel>(&config.aqm)) {
    return codel(member, what, *codel_config);
  }
  return std::nullopt;
}

// RFC 8289, section 5, with its loop turned inside out: called once for each frame that would be dequeued, it
// goes on where the RFC's code would after a drop, as the next frame of the class may come later here.
std::optional<DropCause> ReferenceModel::codel(Member& member, Waiting& what,
                                               const core::aqm::Codel& config) {
  Codel& state = member.codel[what.cls];
  const std::int64_t interval = config.interval.ps();
  const auto control_law = [&](std::int64_t time) {
    const double step = static_cast<double>(interval) / std::sqrt(static_cast<double>(state.count));
    return time + static_cast<std::int64_t>(step);
  };
  std::uint64_t behind = 0;
  for (const Waiting& other : member.queue[what.cls]) behind += other.frame.size;
  behind -= what.frame.size;

  bool ok_to_drop = false;
  if (now_ - what.since < config.target.ps() || behind <= largest_.count()) {
    state.first_above.reset();
  } else if (!state.first_above) {
    state.first_above = now_ + interval;
  } else if (now_ >= *state.first_above) {
    ok_to_drop = true;
  }

  if (state.dropping && !ok_to_drop) state.dropping = false;
  if (state.dropping) {
    if (std::exchange(state.dropped_in_loop, false)) state.drop_next = control_law(state.drop_next);
    if (now_ < state.drop_next) return std::nullopt;
    ++state.count;
    const auto cause = mark_or(what, config.ecn, MarkCause::kCodel, DropCause::kCodel);
    if (cause)
      state.dropped_in_loop = true;
    else
      state.drop_next = control_law(state.drop_next);
    return cause;
  }
  state.dropped_in_loop = false;
  if (!ok_to_drop) return std::nullopt;
  const std::uint64_t delta = state.count - state.last_count;
  state.dropping = true;
  state.count = delta > 1 && now_ - state.drop_next < 16 * interval ? delta : 1;
  state.drop_next = control_law(now_);
  state.last_count = state.count;
  return mark_or(what, config.ecn, MarkCause::kCodel, DropCause::kCodel);
}

void ReferenceModel::drop_waiting(const Waiting& what, DropCause cause) {
  counters_.classes[what.cls].dropped.add(what.frame.size);
  drop(what.frame, cause);
}

bool ReferenceModel::may_start(const Member& member, std::size_t cls) const {
  const auto& queue = member.queue[cls];
  if (queue.empty() || held_back(cls)) return false;
  return !queue.front().outer || queue.front().written <= now_;
}

// A class that has become empty keeps nothing of its turn.
void ReferenceModel::after_removal(Member& member, std::size_t cls) {
  if (member.queue[cls].empty()) member.deficit[cls] = 0;
}

std::optional<std::size_t> ReferenceModel::choose(Member& member) {
  const auto& classes = config_.queues.classes;
  bool any = false;
  for (std::size_t cls = classes.size(); cls-- > 0;) {
    if (!may_start(member, cls)) continue;
    if (classes[cls].strict) return cls;
    any = true;
  }
  if (!any) return std::nullopt;
  while (true) {
    const std::size_t cls = member.turn;
    if (!classes[cls].strict && may_start(member, cls)) {
      if (!member.credited) member.deficit[cls] += classes[cls].weight * largest_.count();
      member.credited = true;
      if (member.deficit[cls] >= member.queue[cls].front().frame.size) return cls;
    }
    member.turn = (member.turn + 1) % classes.size();
    member.credited = false;
  }
}

void ReferenceModel::serve(Member& member) {
  if (!member.up || member.sending || member_rate() == 0) return;
  while (const auto cls = choose(member)) {
    Waiting head = member.queue[*cls].front();
    const auto cause = dequeue_aqm(member, head);
    member.queue[*cls].pop_front();
    if (cause) {
      after_removal(member, *cls);
      drop_waiting(head, *cause);
      continue;
    }
    if (!config_.queues.classes[*cls].strict) member.deficit[*cls] -= head.frame.size;
    after_removal(member, *cls);
    start(member, head);
    return;
  }
}

}  // namespace longhaul::testing
