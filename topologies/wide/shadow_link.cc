// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow_link.h"

#include <algorithm>

#include "topologies/wide/shadow_config.h"

namespace longhaul::wide {
namespace {

// A share of 0 would hold real frames up for ever.
constexpr double kLeastShare = 0.01;
constexpr std::uint32_t kRealPacket = 1'500;
constexpr BitRate kSlowest = BitRate::bits_per_second(1);

double share(std::uint64_t part, std::uint64_t all) {
  return all > 0 ? std::min(1.0, static_cast<double>(part) / static_cast<double>(all)) : 0;
}

bool has_queue_management(const core::QueueConfig& queues) {
  return std::any_of(queues.classes.begin(), queues.classes.end(), [](const core::ClassConfig& one) {
    return !std::holds_alternative<core::aqm::None>(one.aqm);
  });
}

}  // namespace

struct ShadowLink::SharedSink {
  ShadowLink& link;
  std::vector<PassedFrame>& passed;
  std::uint64_t carried = 0;  // bytes that use up the rate

  void deliver(const core::Frame& frame, Instant due) {
    if (frame.cookie == link.streams_.size()) return;
    carried += core::counted_size(Bytes(frame.size), link.config_).count();
    passed.push_back({due, frame.size, static_cast<std::uint32_t>(frame.cookie)});
  }
  void drop(const core::Frame&, core::DropCause) {}
  std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
  void corrupt(const core::Frame&, std::uint64_t) {}
};

struct ShadowLink::AloneSink {
  ShadowLink& link;

  Met& met(const core::Frame& frame) { return link.met_[link.streams_[frame.cookie].smooth ? 1 : 0]; }
  void deliver(const core::Frame& frame, Instant) { met(frame).marked += frame.marked ? 1 : 0; }
  void drop(const core::Frame& frame, core::DropCause cause) {
    using enum core::DropCause;
    if (cause == kRed || cause == kCodel || cause == kPie) ++met(frame).lost;
  }
  std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
  void corrupt(const core::Frame&, std::uint64_t) {}
};

ShadowLink::ShadowLink(const core::LinkConfig& config, std::vector<Stream> streams, Bytes largest_frame,
                       std::uint32_t k, core::StreamOwner owner, std::uint64_t seed)
    : config_(slowed_down(config, k, largest_frame)),
      streams_(std::move(streams)),
      k_(k),
      shared_(config_, largest_frame, owner, seed),
      fluid_shared_(streams_.size() + 1),
      work_(streams_.size() + 1) {
  if (has_queue_management(config_.queues)) alone_.emplace(config_, largest_frame, owner, seed);
}

BitRate ShadowLink::rate() const {
  return std::max(kSlowest, BitRate::bits_per_second(shared_.state().rate.bps() * k_));
}

double ShadowLink::seconds_per_byte(std::size_t stream, BitRate rate) const {
  const std::uint32_t packet = stream < streams_.size() ? streams_[stream].packet : kRealPacket;
  const auto counted = static_cast<double>(core::counted_size(Bytes(packet), config_).count());
  return counted * 8 / packet / static_cast<double>(rate.bps());
}

void ShadowLink::meet_alone(const core::Frame& frame, double service, double room) {
  const bool smooth = streams_[frame.cookie].smooth;
  Met& met = met_[smooth ? 1 : 0];
  ++met.arrived;
  // The fluid is never more than the packets have room for, so it is asked only when they have none.
  const double packets = packets_alone_.work_at(frame.at);
  if (packets > room && unslowed(fluid_alone_.work_at(frame.at), packets) > room) {
    ++met.lost;
    return;
  }
  packets_alone_.add(service);
  if (smooth) return;
  fluid_alone_.work_at(frame.at);
  fluid_alone_.add(service);
}

void ShadowLink::run(std::span<const core::Frame> arrivals, std::span<double> expected, Instant end,
                     std::vector<PassedFrame>& passed) {
  const BitRate slow = std::max(kSlowest, shared_.state().rate);
  const double tick_seconds = (end - tick_began_).to_seconds();
  const double room = serialisation_time(shared_.state().buffer, slow).to_seconds();
  expect(expected, tick_seconds, room);
  const double byte = 8 / static_cast<double>(slow.bps());
  std::uint64_t real = 0;
  for (const core::Frame& frame : arrivals) {
    const std::uint64_t counted = core::counted_size(Bytes(frame.size), config_).count();
    if (frame.cookie == streams_.size()) {
      real += counted;
    } else if (!streams_[frame.cookie].elastic) {
      meet_alone(frame, static_cast<double>(counted) * byte, room);
      if (alone_) alone_->push(std::span(&frame, 1), AloneSink{*this});
    }
  }
  if (alone_) alone_->advance(end, AloneSink{*this});
  SharedSink sink{*this, passed};
  shared_.push(arrivals, sink);
  shared_.advance(end, sink);
  tick_began_ = end;
  real_ += static_cast<double>(real) * byte;
  carried_ += static_cast<double>(sink.carried) * byte;
  Met& bursts = met_[0];
  burst_loss_ += share(bursts.lost, bursts.arrived) * tick_seconds;
  burst_mark_ += share(bursts.marked, bursts.arrived) * tick_seconds;
  bursts = {};
}

// What the coming tick should bring: to the fluid alone from now on, to the fluid of all at once.
void ShadowLink::expect(std::span<double> expected, double tick, double room) {
  const BitRate rate = this->rate();
  double smooth = 0;
  for (std::size_t s = 0; s < work_.size(); ++s) {
    work_[s] = expected[s] * seconds_per_byte(s, rate);
    if (s == streams_.size() || streams_[s].elastic) continue;
    inelastic_ += work_[s];
    if (streams_[s].smooth) smooth += work_[s];
  }
  fluid_alone_.work_at(tick_began_);
  fluid_alone_.set_inflow(smooth / tick, room);
  fluid_shared_.run(work_, tick, room);
  for (std::size_t s = 0; s < work_.size(); ++s) {
    if (s < streams_.size()) expected_ += work_[s];
    expected[s] = work_[s] / seconds_per_byte(s, rate);
  }
}

ShadowLink::Interval ShadowLink::take_interval(Instant now) {
  Interval interval;
  const double time = (now - since_).to_seconds();
  const auto of_time = [&](double seconds) { return time > 0 ? seconds / time : 0; };
  interval.carried = of_time(carried_);
  interval.real = of_time(real_);
  interval.inelastic = of_time(inelastic_);
  const double fluid = fluid_alone_.take_mean(now), packets = packets_alone_.take_mean(now);
  interval.background.wait = Duration::from_seconds(unslowed(fluid, packets));
  // What is left at random between packets is in the wait; in the share it would count twice.
  interval.background.share_left = std::max(kLeastShare, 1 - of_time(expected_));
  // Smooth streams come at any time, as real frames do; of a burst only its moment counts.
  const Met& smooth = met_[1];
  interval.background.loss = smooth.arrived > 0 ? share(smooth.lost, smooth.arrived) : of_time(burst_loss_);
  interval.background.mark = smooth.arrived > 0 ? share(smooth.marked, smooth.arrived) : of_time(burst_mark_);
  since_ = now;
  carried_ = real_ = expected_ = inelastic_ = burst_loss_ = burst_mark_ = 0;
  met_ = {};
  return interval;
}

}  // namespace longhaul::wide
