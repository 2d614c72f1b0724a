// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/pace.h"

#include <cmath>

namespace longhaul::traffic {

Pace::Pace(const SourceConfig& config, core::RandomStream phases)
    : profile_(config.profile), phases_(phases), stop_(config.stop) {
  if (const auto* on_off = std::get_if<OnOff>(&config.kind)) {
    on_off_ = *on_off;
    const double on = on_off->on.to_seconds(), off = on_off->off.to_seconds();
    on_ = phases_.uniform(draws_++) <= on / (on + off);
    switches_ = config.start + draw(on_ ? on_off->on : on_off->off);
  }
  enter(config.start);
}

Duration Pace::draw(Duration mean) {
  constexpr double kLongest = 4e18;  // ps, 46 days: a Pareto law has no end
  const double u = phases_.uniform(draws_++), least = (on_off_->shape - 1) / on_off_->shape;
  const double factor =
      on_off_->law == OnOff::Law::kExponential ? -std::log(u) : least * std::pow(u, -1 / on_off_->shape);
  const double time = std::min(static_cast<double>(mean.ps()) * factor, kLongest);
  return Duration::picoseconds(std::max<std::int64_t>(1, std::llround(time)));
}

void Pace::enter(Instant at) {
  at_ = at;
  rest_ = 0;
  while (switches_ <= at && at != Instant::never()) {
    on_ = !on_;
    const Duration lasts = draw(on_ ? on_off_->on : on_off_->off);
    switches_ = Instant::never() - switches_ > lasts ? switches_ + lasts : Instant::never();
  }
  if (at >= stop_) {
    level_ = {0, Instant::never()};
    return;
  }
  level_ = level_at(profile_, at);
  if (!on_) level_.scale = 0;
  level_.until = std::min({level_.until, switches_, stop_});
}

Instant Pace::advance_over_levels(double work) {
  for (;;) {
    const auto left = static_cast<double>((level_.until - at_).ps());
    if (level_.scale > 0) {
      const double takes = work / level_.scale + rest_;
      if (takes < left) return move(takes);
      work = std::max(0.0, work - (left - rest_) * level_.scale);
    }
    if (level_.until == Instant::never()) return Instant::never();
    enter(level_.until);
  }
}

double Pace::work_until(Instant to) {
  double work = 0;
  while (at_ < to) {
    const Instant end = std::min(to, level_.until);
    work += (static_cast<double>((end - at_).ps()) - rest_) * level_.scale;
    if (end == level_.until) {
      if (end == Instant::never()) break;
      enter(end);
    } else {
      at_ = end;
      rest_ = 0;
    }
  }
  return work;
}

}  // namespace longhaul::traffic
