// SPDX-License-Identifier: GPL-2.0-only
//
// The line of the reference model: what happens to a frame from its last bit sent on.
#include <algorithm>

#include "tests/core/reference_model.h"

namespace longhaul::testing {

using core::DropCause;
using core::Frame;

namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

bool certain(double probability) {
  return probability <= 0 || probability >= 1;
}

}  // namespace

void ReferenceModel::finish(std::size_t index) {
  Member& member = members_[index];
  const Sending sent = *member.sending;
  member.sending.reset();
  const std::uint64_t position = member.sent++;
  const Frame& frame = sent.what.frame;

  // Every effect is asked about every frame; the first that takes it has it.
  const core::LineConfig& line = config_.line;
  const bool in_burst = member.burst > 0;
  if (in_burst) --member.burst;
  const bool lost = loses(index, position);
  const bool bit_error = chance(Chance::kBitError, line.bit_errors.rate, index, position);
  const bool corrupt = chance(Chance::kCorrupt, line.corrupt.probability, index, position);
  const bool out_of_place = taken_out(index, position);
  const bool copied = chance(Chance::kDuplicate, line.duplicate.probability, index, position);

  if (dark_during(sent.start, now_)) return drop(frame, DropCause::kOutage);
  if (blackhole_) return drop(frame, DropCause::kBlackhole);
  if (in_burst) return drop(frame, DropCause::kBurst);
  if (lost) return drop(frame, DropCause::kLineLoss);
  if (bit_error && !line.bit_errors.deliver) return drop(frame, DropCause::kBitError);
  if (corrupt && !line.corrupt.deliver) return drop(frame, DropCause::kBadFcs);
  if (bit_error || corrupt) counters_.corrupted.add(frame.size);
  propagate(sent, index, out_of_place, copied);
}

bool ReferenceModel::dark_during(std::int64_t start, std::int64_t end) const {
  if (dark_since_ && *dark_since_ < end) return true;
  return std::any_of(dark_.begin(), dark_.end(),
                     [&](const auto& dark) { return dark.first < end && dark.second > start; });
}

bool ReferenceModel::chance(Chance what, double probability, std::size_t member,
                            std::uint64_t position) const {
  if (certain(probability)) return probability >= 1;
  return given_(what, static_cast<unsigned>(member), position).has_value();
}

bool ReferenceModel::loses(std::size_t index, std::uint64_t position) {
  Member& member = members_[index];
  auto given = [&] { return given_(Chance::kLoss, static_cast<unsigned>(index), position).has_value(); };
  return std::visit(Overloaded{
                        [&](const core::loss::Bernoulli& model) {
                          return chance(Chance::kLoss, model.probability, index, position);
                        },
                        [&](const core::loss::GilbertElliott& model) {
                          if (!certain(model.to_bad) || !certain(model.to_good) || !certain(model.loss_bad) ||
                              !certain(model.loss_good))
                            return given();
                          const bool lost = (member.bad ? model.loss_bad : model.loss_good) >= 1;
                          if ((member.bad ? model.to_good : model.to_bad) >= 1) member.bad = !member.bad;
                          return lost;
                        },
                        [&](const core::loss::FourState& model) {
                          if (!certain(model.p13) || !certain(model.p31) || !certain(model.p32) ||
                              !certain(model.p23) || !certain(model.p14))
                            return given();
                          switch (member.state) {
                            case 1:
                              member.state = model.p13 >= 1 ? 3 : model.p14 >= 1 ? 4 : 1;
                              break;
                            case 2:
                              member.state = model.p23 >= 1 ? 3 : 2;
                              break;
                            case 3:
                              member.state = model.p31 >= 1 ? 1 : model.p32 >= 1 ? 2 : 3;
                              break;
                            default:
                              member.state = 1;
                          }
                          return member.state >= 3;
                        },
                        [&](const core::loss::EveryNth& model) {
                          return position >= model.first && (position - model.first) % model.n == 0;
                        },
                        [&](const core::loss::Positions& model) {
                          const std::uint64_t place = model.period == 0 ? position : position % model.period;
                          return std::find(model.frames.begin(), model.frames.end(), place) !=
                                 model.frames.end();
                        },
                    },
                    loss_.model);
}

bool ReferenceModel::taken_out(std::size_t index, std::uint64_t position) {
  const core::Reorder& reorder = config_.line.reorder;
  if (reorder.probability <= 0) return false;
  std::uint32_t& in_place = members_[index].in_place;
  ++in_place;
  if (in_place < reorder.gap || !chance(Chance::kReorder, reorder.probability, index, position)) return false;
  in_place = 0;
  return true;
}

void ReferenceModel::propagate(const Sending& sent, std::size_t index, bool out_of_place, bool copied) {
  constexpr std::int64_t kMostDrift = core::LineConfig::kMostDrift.ps();
  Member& member = members_[index];
  const Wide drift = static_cast<Wide>(config_.line.drift_ps_per_s) * now_ / 1'000'000'000'000;
  std::int64_t delay = delay_ + background_.wait.ps();
  if (!config_.waves.skew.empty()) delay += config_.waves.skew[index].ps();
  delay += static_cast<std::int64_t>(std::clamp<Wide>(drift, -kMostDrift, kMostDrift));
  delay = std::max<std::int64_t>(delay, 0);

  std::int64_t due = now_ + delay;
  if (out_of_place) {
    const std::int64_t hold = config_.line.reorder.hold.ps();
    due = hold == 0 ? now_ : due + hold;
  } else if (config_.line.order == core::Order::kKept) {
    const std::int64_t time_sent = now_ - sent.start;
    if (member.last_due != std::numeric_limits<std::int64_t>::min())
      due = std::max(due, member.last_due + time_sent);
    member.last_due = due;
  }
  if (due < member.latest_due) ++counters_.reordered;
  member.latest_due = std::max(member.latest_due, due);
  const bool aside = out_of_place || due < member.latest_in_order;
  if (!aside) member.latest_in_order = due;
  line_.push_back({sent.what.frame, sent.what.cls, due, aside, index, line_order_++});

  if (!copied) return;
  Frame copy = sent.what.frame;
  copy.cookie |= kCopyBit;
  counters_.duplicated.add(copy.size);
  const std::int64_t later = due + config_.line.duplicate.extra_delay.ps();
  line_.push_back({copy, sent.what.cls, later, true, index, line_order_++});
}

void ReferenceModel::deliver(const Frame& frame) {
  counters_.out.add(frame.size);
  ends_.push_back({frame.cookie, now_, std::nullopt, frame.marked});
}

void ReferenceModel::drop(const Frame& frame, DropCause cause) {
  counters_.dropped[static_cast<std::size_t>(cause)].add(frame.size);
  ends_.push_back({frame.cookie, now_, cause, frame.marked});
}

}  // namespace longhaul::testing
