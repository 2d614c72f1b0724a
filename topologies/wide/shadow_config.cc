// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow_config.h"

#include <algorithm>
#include <variant>

namespace longhaul::wide {
namespace {

class Slower {
 public:
  Slower(std::uint32_t k, Bytes least) : k_(k), least_(least) {}

  // Zero stays zero, which is no limit or no rate.
  BitRate operator()(BitRate rate) const {
    if (rate == BitRate()) return rate;
    return BitRate::bits_per_second(std::max<std::uint64_t>(1, rate.bps() / k_));
  }
  Bytes operator()(Bytes size) const {
    return size == Bytes() ? size : std::max(least_, Bytes(size.count() / k_));
  }
  core::ClassConfig operator()(core::ClassConfig one) const {
    one.limit_bytes = (*this)(one.limit_bytes);
    if (one.limit_frames > 0) one.limit_frames = std::max<std::uint64_t>(1, one.limit_frames / k_);
    one.reserved = Bytes(one.reserved.count() / k_);
    if (auto* red = std::get_if<core::aqm::Red>(&one.aqm)) {
      red->min = Bytes(red->min.count() / k_);
      red->max = Bytes(red->max.count() / k_);
    }
    return one;
  }
  core::Change operator()(const core::Change& change) const {
    core::Change slower{.loss = change.loss, .dark = change.dark, .blackhole = change.blackhole};
    if (change.rate) slower.rate = (*this)(*change.rate);
    if (change.buffer) slower.buffer = (*this)(*change.buffer);
    return slower;
  }

 private:
  std::uint32_t k_;
  Bytes least_;
};

}  // namespace

core::LinkConfig slowed_down(const core::LinkConfig& link, std::uint32_t k, Bytes largest_frame) {
  const Slower slower(k, largest_frame);
  core::LinkConfig result{
      .rate = slower(link.rate), .framing = link.framing, .buffer = slower(link.buffer), .delay = {}};
  result.loss = link.loss;
  result.overhead = link.overhead;
  result.queues = link.queues;
  for (core::ClassConfig& one : result.queues.classes) one = slower(one);
  result.queues.tiers.on_chip = slower(link.queues.tiers.on_chip);
  result.queues.tiers.bandwidth = slower(link.queues.tiers.bandwidth);
  result.queues.tiers.staging = Bytes(link.queues.tiers.staging.count() / k);
  result.timeline = link.timeline;
  for (core::Event& event : result.timeline.events) event.change = slower(event.change);
  for (core::Trace::Row& row : result.timeline.trace.rows) row.change = slower(row.change);
  return result;
}

}  // namespace longhaul::wide
