// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow_queue.h"

#include <algorithm>

namespace longhaul::wide {

void FluidQueue::run(std::span<double> work, double tick, double room) {
  double brought = 0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    held_[i] += work[i];
    brought += held_[i];
  }
  const double served = std::min(brought, tick), left = std::min(brought - served, room);
  const double out = brought > 0 ? served / brought : 0, stays = brought > 0 ? left / brought : 0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    work[i] = held_[i] * out;
    held_[i] *= stays;
  }
}

void WorkQueue::pass(Instant at) {
  if (at <= at_) return;
  const double time = (at - at_).to_seconds(), left = work_ - drain_ * time;
  at_ = at;
  if (left < 0) {  // empty before `at`
    area_ += work_ * work_ / drain_ / 2;
    work_ = 0;
    return;
  }
  const double now = drain_ < 0 ? std::max(work_, std::min(left, room_)) : left;
  area_ += time * (work_ + now) / 2;
  work_ = now;
}

double WorkQueue::take_mean(Instant now) {
  pass(now);
  const double time = (now - since_).to_seconds(), mean = time > 0 ? area_ / time : 0;
  area_ = 0;
  since_ = now;
  return mean;
}

}  // namespace longhaul::wide
