// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/link_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "emulator/core/jitter_source.h"
#include "topologies/pause.h"

namespace longhaul::scenario {
namespace {

namespace loss = core::loss;

constexpr Duration kLastShown = Duration::seconds(50 * 86'400);  // half of what a Duration spans
constexpr double kEndless = std::numeric_limits<double>::infinity();

// `ends`: how often, per frame, a run of lost frames ends.
LossFigures figures(double mean, double ends) {
  if (mean == 0) return {};
  return {mean, ends == 0 ? kEndless : mean / ends};
}

struct LossVisitor {
  LossFigures operator()(const loss::Bernoulli& m) const {
    return figures(m.probability, m.probability * (1 - m.probability));
  }

  // A run ends when the frame after a lost one is not lost.
  LossFigures operator()(const loss::GilbertElliott& m) const {
    const double sum = m.to_bad + m.to_good;
    const double bad = sum == 0 ? 0 : m.to_bad / sum, good = 1 - bad;
    const double after_good = (1 - m.to_bad) * (1 - m.loss_good) + m.to_bad * (1 - m.loss_bad);
    const double after_bad = (1 - m.to_good) * (1 - m.loss_bad) + m.to_good * (1 - m.loss_good);
    return figures(good * m.loss_good + bad * m.loss_bad,
                   good * m.loss_good * after_good + bad * m.loss_bad * after_bad);
  }

  // Balance of the flows 1 <-> 3, 2 <-> 3 and 1 <-> 4: w1 p13 = w3 p31, w2 p23 = w3 p32, w4 = w1 p14. Where a
  // way back is missing it ends in the states behind it.
  LossFigures operator()(const loss::FourState& m) const {
    double w1 = 1, w2 = 0, w3 = 0;
    if (m.p13 > 0) {
      const double way_back = m.p32 > 0 ? m.p23 : 1;  // state 2 is not reached without p32
      w1 = m.p31 * way_back;
      w2 = m.p32 * m.p13;
      w3 = m.p13 * way_back;
    }
    const double w4 = w1 * m.p14;
    const double sum = w1 + w2 + w3 + w4;
    return figures((w3 + w4) / sum, (w3 * (m.p31 + m.p32) + w4) / sum);
  }

  LossFigures operator()(const loss::EveryNth& m) const {
    const double mean = 1 / static_cast<double>(m.n);
    return figures(mean, m.n == 1 ? 0 : mean);
  }

  // Without a period the losses are a finite number: their share of all frames comes to nothing.
  LossFigures operator()(const loss::Positions& m) const {
    std::size_t runs = 0;
    for (std::size_t i = 0; i < m.frames.size(); ++i) {
      if (i == 0 || m.frames[i] != m.frames[i - 1] + 1) ++runs;
    }
    const bool wraps =
        m.period != 0 && !m.frames.empty() && m.frames.front() == 0 && m.frames.back() + 1 == m.period;
    if (wraps) --runs;
    const auto lost = static_cast<double>(m.frames.size());
    if (m.frames.empty()) return {};
    const double burst = runs == 0 ? kEndless : lost / static_cast<double>(runs);
    return {m.period == 0 ? 0 : lost / static_cast<double>(m.period), burst};
  }
};

}  // namespace

LossFigures loss_figures(const core::LossModel& model) {
  return std::visit(LossVisitor{}, model.model);
}

double bit_error_probability(double bit_error_rate, Bytes l2) {
  constexpr double kFcs = 4;
  const double bits = 8 * (static_cast<double>(l2.count()) + kFcs);
  return bit_error_rate >= 1 ? 1 : -std::expm1(bits * std::log1p(-bit_error_rate));
}

JitterRange jitter_range(const core::Jitter& jitter) {
  const core::JitterSource source(jitter, core::RandomStream(0, core::StreamOwner{}, core::Effect::kJitter));
  return {source.least(), source.most()};
}

Depth depth_figures(const core::LinkConfig& link, Bytes depth, Bytes frame, Duration round_trip) {
  const double counted = static_cast<double>(depth.count()) *
                         static_cast<double>(core::counted_size(frame, link).count()) /
                         static_cast<double>(frame.count());
  const double bdp = static_cast<double>(bytes_in(link.rate, round_trip).count());
  return {Duration::from_seconds(counted * 8 / static_cast<double>(link.rate.bps())),
          bdp == 0 ? 0 : counted / bdp};
}

Bytes class_room(const core::LinkConfig& link, const core::ClassConfig& config, Bytes frame) {
  Bytes room = link.buffer;
  if (config.limit_bytes != Bytes()) room = std::min(room, config.limit_bytes);
  if (config.limit_time != Duration()) room = std::min(room, bytes_in(link.rate, config.limit_time));
  if (config.limit_frames != 0 && config.limit_frames < room.count() / frame.count()) {
    room = Bytes(config.limit_frames * frame.count());
  }
  return room;
}

Duration longest_delay(const core::LinkConfig& link) {
  Duration longest = link.delay;
  const auto note = [&](const core::Change& change) {
    if (change.delay) longest = std::max(longest, *change.delay);
  };
  for (const core::Event& event : link.timeline.events) note(event.change);
  for (const core::Trace::Row& row : link.timeline.trace.rows) note(row.change);
  return longest;
}

PauseFigures pause_figures(const core::LinkConfig& link, Bytes largest_frame) {
  const core::Pfc& pfc = link.far_end.pfc;
  core::LinkConfig farthest = link;
  farthest.delay = longest_delay(link);
  return {topology::headroom_needed(farthest, pfc.pause_delay, largest_frame),
          topology::pause_time(pfc.quanta, link.rate), topology::refresh_period(pfc, link.rate)};
}

std::vector<Happening> first_happenings(const core::Timeline& timeline, std::size_t most) {
  std::vector<Happening> happenings;
  for (const core::Event& event : timeline.events) {
    std::uint64_t left = event.period == Duration() ? 1 : event.times == 0 ? most : event.times;
    left = std::min<std::uint64_t>(left, most);
    for (Duration at = event.at; left > 0 && at <= kLastShown; --left, at += event.period) {
      happenings.push_back({at, event.origin, &event.change});
    }
  }
  std::stable_sort(happenings.begin(), happenings.end(), [](const Happening& a, const Happening& b) {
    return std::tie(a.origin, a.at) < std::tie(b.origin, b.at);
  });
  if (happenings.size() > most) happenings.resize(most);
  return happenings;
}

}  // namespace longhaul::scenario
