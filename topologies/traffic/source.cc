// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/source.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace longhaul::traffic {
namespace {

// What is drawn, each from a stream of its own. Values are part of what a seed means: never renumber.
enum Part : std::uint32_t { kGaps = 0, kPhases = 1, kSizes = 2 };

core::RandomStream stream(std::uint64_t seed, core::StreamOwner owner, Part part) {
  return {seed, owner, core::Effect::kTraffic, part};
}

constexpr double kBitPicoseconds = 8e12;  // per byte at 1 bit/s

// While it sends, of those that have a rate.
BitRate rate_of(const SourceConfig& config) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.rate; }) return kind.rate;
        return BitRate();
      },
      config.kind);
}

double picoseconds(double bytes, BitRate rate) {
  return bytes * kBitPicoseconds / static_cast<double>(rate.bps());
}

}  // namespace

double mean_rate(const SourceConfig& config) {
  const auto rate = static_cast<double>(rate_of(config).bps());
  if (const auto* on_off = std::get_if<OnOff>(&config.kind)) {
    const double on = on_off->on.to_seconds();
    return rate * on / (on + on_off->off.to_seconds());
  }
  if (const auto* incast = std::get_if<Incast>(&config.kind)) {
    const auto bytes = static_cast<double>(sent_for(incast->burst.count(), config.packet));
    return bytes * 8 * incast->senders / incast->period.to_seconds();
  }
  return rate;
}

Stream::Stream(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
               std::uint32_t scale_down)
    : pace_(config, stream(seed, owner, kPhases)),
      gaps_(stream(seed, owner, kGaps)),
      gap_(picoseconds(config.packet, rate_of(config)) * scale_down),
      random_(std::holds_alternative<Poisson>(config.kind)),
      packet_(config.packet) {}

Arrival Stream::next() {
  return {pace_.advance(random_ ? -std::log(gaps_.uniform()) * gap_ : gap_), packet_};
}

FlowArrivals::FlowArrivals(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
                           std::uint32_t scale_down)
    : flows_(std::get<Flows>(config.kind)),
      pace_(config, stream(seed, owner, kPhases)),
      gaps_(stream(seed, owner, kGaps)),
      sizes_(stream(seed, owner, kSizes)),
      gap_(picoseconds(flows_.sizes.mean_sent(config.packet), flows_.rate)),
      packet_(config.packet),
      scale_down_(scale_down),
      stop_(config.stop) {
  draw_begin();
}

void FlowArrivals::draw_begin() {
  begins_ = pace_.advance(-std::log(gaps_.uniform(begun_)) * gap_);
}

// Scaled down, flows that do not fill a packet are gathered until they do.
void FlowArrivals::begin() {
  const std::uint64_t bytes = flows_.sizes.quantile(sizes_.uniform(begun_));
  std::uint64_t left = bytes;
  if (scale_down_ > 1) {
    const std::uint64_t whole = std::uint64_t{packet_} * scale_down_;
    credit_ += sent_for(bytes, packet_);
    left = credit_ / whole * packet_;
    credit_ %= whole;
  }
  if (left > 0) {
    under_way_.push_back({begins_, begun_, left});
    std::push_heap(under_way_.begin(), under_way_.end(), std::greater<>());
  }
  ++begun_;
  draw_begin();
}

Arrival FlowArrivals::next() {
  while (begins_ != Instant::never() && (under_way_.empty() || begins_ <= under_way_.front().next)) begin();
  if (under_way_.empty() || under_way_.front().next >= stop_) return {};
  std::pop_heap(under_way_.begin(), under_way_.end(), std::greater<>());
  Flow& flow = under_way_.back();
  const auto taken = static_cast<std::uint32_t>(std::min<std::uint64_t>(flow.left, packet_));
  const Arrival arrival{flow.next, std::max(taken, kLeastPacket)};
  flow.left -= taken;
  if (flow.left == 0) {
    under_way_.pop_back();
    return arrival;
  }
  flow.next = flow.next + serialisation_time(Bytes(std::uint64_t{arrival.size} * scale_down_), flows_.peak);
  std::push_heap(under_way_.begin(), under_way_.end(), std::greater<>());
  return arrival;
}

IncastArrivals::IncastArrivals(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
                               std::uint32_t scale_down)
    : incast_(std::get<Incast>(config.kind)),
      pace_(config, stream(seed, owner, kPhases)),
      packet_(config.packet),
      scale_down_(scale_down) {}

Arrival IncastArrivals::next() {
  while (left_ == 0) {
    if (senders_left_ > 0) {
      --senders_left_;
      left_ = incast_.burst.count();
      continue;
    }
    at_ = pace_.advance(begun_ ? static_cast<double>(incast_.period.ps()) : 0);
    begun_ = true;
    if (at_ == Instant::never()) return {};
    if (scale_down_ == 1) {
      senders_left_ = incast_.senders;
      continue;
    }
    const std::uint64_t whole = std::uint64_t{packet_} * scale_down_;
    credit_ += incast_.senders * sent_for(incast_.burst.count(), packet_);
    left_ = credit_ / whole * packet_;
    credit_ %= whole;
  }
  const auto taken = static_cast<std::uint32_t>(std::min<std::uint64_t>(left_, packet_));
  left_ -= taken;
  return {at_, std::max(taken, kLeastPacket)};
}

Source::Process Source::make(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
                             std::uint32_t scale_down) {
  if (std::holds_alternative<Bulk>(config.kind)) return Silent{};
  if (std::holds_alternative<Flows>(config.kind)) return FlowArrivals(config, owner, seed, scale_down);
  if (std::holds_alternative<Incast>(config.kind)) return IncastArrivals(config, owner, seed, scale_down);
  return Stream(config, owner, seed, scale_down);
}

Source::Source(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
               std::uint32_t scale_down)
    : process_(make(config, owner, seed, scale_down)) {
  next_ = std::visit([](auto& process) { return process.next(); }, process_);
}

Arrival Source::take() {
  return std::exchange(next_, std::visit([](auto& process) { return process.next(); }, process_));
}

std::optional<Expectation> Expectation::of(const SourceConfig& config, core::StreamOwner owner,
                                           std::uint64_t seed) {
  const bool is_stream = std::holds_alternative<Constant>(config.kind) ||
                         std::holds_alternative<Poisson>(config.kind) ||
                         std::holds_alternative<OnOff>(config.kind);
  if (!is_stream) return std::nullopt;
  const double bytes_per_work = static_cast<double>(rate_of(config).bps()) / kBitPicoseconds;
  return Expectation(Pace(config, stream(seed, owner, kPhases)), bytes_per_work);
}

}  // namespace longhaul::traffic
