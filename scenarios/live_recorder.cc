// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/live_recorder.h"

#include <algorithm>
#include <variant>

namespace longhaul::scenario {
namespace {

constexpr Duration kOver = Duration::seconds(1);
constexpr std::uint64_t kWireFraming = 24;  // FCS, preamble and gap; padding of short frames is left out
constexpr Duration kApart = Duration::milliseconds(100);  // moments that are kept

double per_second(std::uint64_t before, std::uint64_t after, Duration time) {
  return static_cast<double>(after - before) / time.to_seconds();
}

double bits_per_second(const core::Tally& before, const core::Tally& after, std::uint64_t more_per_frame,
                       Duration time) {
  const std::uint64_t frames = after.frames - before.frames;
  return 8 * static_cast<double>(after.bytes - before.bytes + frames * more_per_frame) / time.to_seconds();
}

bool changes_loss(const core::Timeline& timeline) {
  const auto does = [](const auto& item) { return item.change.loss.has_value(); };
  return std::any_of(timeline.events.begin(), timeline.events.end(), does) ||
         std::any_of(timeline.trace.rows.begin(), timeline.trace.rows.end(), does);
}

}  // namespace

LiveRecorder::LiveRecorder(const std::vector<dataplane::DirectionConfig>& directions) {
  for (const dataplane::DirectionConfig& direction : directions) {
    const core::LinkConfig& link = direction.link;
    const auto* plain = std::get_if<core::loss::Bernoulli>(&link.loss.model);
    const bool known = plain != nullptr && !changes_loss(link.timeline);
    loss_.push_back(known ? std::optional(plain->probability) : std::nullopt);
  }
}

LiveRecorder::Moment LiveRecorder::moment_of(const dataplane::Sample& sample) {
  Moment moment{sample.at, {}, {}, {}, {}};
  for (const dataplane::DirectionSample& direction : sample.directions) {
    Totals totals{direction.counters.in, direction.counters.out};
    for (std::size_t c = 0; c < core::kDropCauses; ++c) {
      totals.dropped[c] = direction.counters.dropped[c].frames;
    }
    totals.hook_dropped = direction.hook_dropped().frames;
    for (const core::Tally& cause : direction.counters.marked) totals.marked += cause.frames;
    moment.directions.push_back(totals);
  }
  for (const dataplane::PortCounters& port : sample.ports) {
    moment.received.push_back({port.rx_frames, port.rx_bytes});
    moment.sent.push_back({port.tx_frames, port.tx_bytes});
  }
  moment.loops = sample.lcores;
  return moment;
}

void LiveRecorder::add(const dataplane::Sample& sample) {
  while (!coming_.empty() && coming_.front().at <= sample.at) {
    loss_[coming_.front().direction] = coming_.front().loss;
    coming_.pop_front();
  }
  if (!moments_.empty() && sample.at - moments_.back().at < kApart) return;
  moments_.push_back(moment_of(sample));
  // The first to stay is the youngest that is a second old.
  while (moments_.size() > 2 && sample.at - moments_[1].at >= kOver) moments_.pop_front();
}

void LiveRecorder::add(std::span<const dataplane::PlannedChange> changes, Instant begin) {
  for (const dataplane::PlannedChange& planned : changes) {
    if (!planned.change.loss) continue;
    coming_.push_back({begin + planned.after, planned.direction, *planned.change.loss});
  }
  std::stable_sort(coming_.begin(), coming_.end(),
                   [](const Coming& a, const Coming& b) { return a.at < b.at; });
}

void LiveRecorder::fill_direction(const Totals& was, const Totals& is, Duration time,
                                  LiveDirection& direction) const {
  const std::uint64_t framing =
      direction.overhead.count() + (direction.framing == core::Framing::kWire ? kWireFraming : 0);
  direction.in_bps = bits_per_second(was.in, is.in, framing, time);
  direction.out_bps = bits_per_second(was.out, is.out, framing, time);
  direction.marks_per_s = per_second(was.marked, is.marked, time);
  std::uint64_t all = is.hook_dropped - was.hook_dropped, most = all;
  if (all > 0) direction.drop_cause = "hook";
  for (std::size_t c = 0; c < core::kDropCauses; ++c) {
    const std::uint64_t frames = is.dropped[c] - was.dropped[c];
    all += frames;
    if (frames <= most) continue;
    most = frames;
    direction.drop_cause = core::name(static_cast<core::DropCause>(c));
  }
  direction.drops_per_s = static_cast<double>(all) / time.to_seconds();
}

void LiveRecorder::fill(LiveView& view) const {
  for (std::size_t d = 0; d < view.directions.size(); ++d) view.directions[d].loss = loss_[d];
  if (moments_.size() < 2) return;
  const Moment &before = moments_.front(), &after = moments_.back();
  const Duration time = after.at - before.at;
  for (std::size_t d = 0; d < view.directions.size(); ++d) {
    fill_direction(before.directions[d], after.directions[d], time, view.directions[d]);
  }
  for (std::size_t p = 0; p < view.ports.size(); ++p) {
    view.ports[p].rx_bps = bits_per_second(before.received[p], after.received[p], 0, time);
    view.ports[p].tx_bps = bits_per_second(before.sent[p], after.sent[p], 0, time);
  }
  for (std::size_t l = 0; l < std::min(view.lcores.size(), before.loops.size()); ++l) {
    view.lcores[l].turns_per_s = per_second(before.loops[l].turns, after.loops[l].turns, time);
    view.lcores[l].gaps_per_s = per_second(before.loops[l].gaps, after.loops[l].gaps, time);
    view.lcores[l].busy =
        (after.loops[l].cpu_time - before.loops[l].cpu_time).to_seconds() / time.to_seconds();
  }
}

}  // namespace longhaul::scenario
