// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow_network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace longhaul::wide {
namespace {

using topology::Hop;

constexpr Duration kLongestTick = Duration::microseconds(200), kShortestTick = Duration::microseconds(10);
constexpr std::uint32_t kPacket = 1'500;  // for frames per second, where no other size is known

const core::LinkConfig& config_of(const topology::Topology& topology, const Hop& hop) {
  return topology.links[hop.link].directions[hop.direction];
}

std::vector<std::vector<Hop>> ways_of(const topology::Topology& topology,
                                      const std::vector<traffic::Background>& backgrounds) {
  std::vector<std::vector<Hop>> ways;
  for (const traffic::Background& one : backgrounds)
    ways.push_back(traffic::way_of(topology, one.name, one.from, one.to));
  return ways;
}

bool is_elastic(const traffic::Background& background) {
  return std::holds_alternative<traffic::Bulk>(background.source.kind);
}

// One that queue management may mark.
core::Frame frame_of(std::size_t stream, std::uint32_t size, std::uint8_t traffic_class) {
  core::Frame frame;
  frame.cookie = stream;
  frame.size = size;
  frame.flow = static_cast<std::uint32_t>(stream);
  frame.ecn = core::Ecn::kCapable0;
  frame.forced_class = traffic_class;
  return frame;
}

}  // namespace

std::uint32_t slow_down_for(const topology::Topology& topology,
                            const std::vector<traffic::Background>& backgrounds) {
  constexpr double kCore = 0.5;
  std::map<std::size_t, double> frames;  // per second, by direction
  for (const traffic::Background& one : backgrounds) {
    const double rate = traffic::mean_rate(one.source) * traffic::peak_of(one.source.profile);
    for (const Hop& hop : traffic::way_of(topology, one.name, one.from, one.to))
      frames[2 * hop.link + hop.direction] += rate / 8 / one.source.packet;
  }
  double all = 0;
  for (const auto& [index, of_background] : frames) {
    const Hop hop{index / 2, static_cast<topology::Direction>(index % 2)};
    const double full = traffic::full_rate(config_of(topology, hop), kPacket) / 8 / kPacket;
    all += std::max(of_background, full);
  }
  return std::max<std::uint32_t>(
      1, static_cast<std::uint32_t>(std::ceil(all * kShadowFrameCost.to_seconds() / kCore)));
}

void EvenFeed::feed(double bytes, core::Frame frame, Instant begin, Duration tick,
                    std::vector<core::Frame>& out) {
  credit_ += bytes;
  const auto count = static_cast<std::int64_t>(credit_ / frame.size);
  credit_ -= static_cast<double>(count) * frame.size;
  for (std::int64_t i = 0; i < count; ++i) {
    frame.at = begin + Duration::picoseconds(tick.ps() * (2 * i + 1) / (2 * count));
    out.push_back(frame);
  }
}

ShadowNetwork::ShadowNetwork(const topology::Topology& topology,
                             const std::vector<traffic::Background>& backgrounds,
                             const ShadowOptions& options, dataplane::BackgroundBoard& board)
    : topology_(topology),
      backgrounds_(backgrounds),
      options_(options),
      board_(board),
      k_(options.slow_down > 0 ? options.slow_down : slow_down_for(topology, backgrounds)) {
  const auto ways = ways_of(topology_, backgrounds_);
  make_directions(ways);
  join(ways);
  plan_tick();
}

void ShadowNetwork::make_directions(const std::vector<std::vector<Hop>>& ways) {
  std::map<std::size_t, std::vector<ShadowLink::Stream>> streams;  // by 2 x link + direction
  for (std::size_t b = 0; b < ways.size(); ++b) {
    const traffic::SourceConfig& source = backgrounds_[b].source;
    const bool smooth = source.kind.index() <= 2 || is_elastic(backgrounds_[b]);
    for (const Hop& hop : ways[b])
      streams[2 * hop.link + hop.direction].push_back({source.packet, smooth, is_elastic(backgrounds_[b])});
  }
  for (const auto& [index, of_direction] : streams) {
    const Hop hop{index / 2, static_cast<topology::Direction>(index % 2)};
    const core::StreamOwner owner{static_cast<std::uint32_t>(hop.link),
                                  static_cast<std::uint32_t>(hop.direction)};
    directions_.emplace_back(hop, ShadowLink(config_of(topology_, hop), of_direction,
                                             topology_.largest_frame(), k_, owner, options_.seed));
    directions_.back().expected.resize(of_direction.size() + 1);
    directions_.back().statistics.hop = hop;
  }
}

// Streams of a direction are in the order of the backgrounds, as make_directions() has them.
void ShadowNetwork::join(const std::vector<std::vector<Hop>>& ways) {
  const auto index_of = [&](const Hop& hop) {
    const auto found = std::find_if(directions_.begin(), directions_.end(),
                                    [&](const Direction& direction) { return direction.hop == hop; });
    return static_cast<std::size_t>(found - directions_.begin());
  };
  for (std::size_t b = 0; b < ways.size(); ++b) {
    const core::StreamOwner owner{static_cast<std::uint32_t>(b), 0};
    const traffic::SourceConfig& source = backgrounds_[b].source;
    Elastic elastic{b, {}, 0};
    Stream* before = nullptr;
    for (const Hop& hop : ways[b]) {
      const std::size_t d = index_of(hop);
      Direction& direction = directions_[d];
      if (before != nullptr) {
        const std::size_t from = elastic.way.back();
        auto& boxes = direction.inboxes;
        auto box = std::find_if(boxes.begin(), boxes.end(), [&](const Inbox& i) { return i.from == from; });
        if (box == boxes.end()) box = boxes.insert(boxes.end(), Inbox{from, {}});
        before->onward = {d, static_cast<std::size_t>(box - boxes.begin()), direction.streams.size(),
                          config_of(topology_, directions_[from].hop).delay};
      }
      Stream& stream = direction.streams.emplace_back();
      stream.background = b;
      if (before == nullptr && !is_elastic(backgrounds_[b])) {
        stream.source.emplace(source, owner, options_.seed, k_);
        stream.expectation = traffic::Expectation::of(source, owner, options_.seed);
      }
      elastic.way.push_back(d);
      before = &stream;
    }
    if (is_elastic(backgrounds_[b])) elastic_.push_back(std::move(elastic));
  }
}

void ShadowNetwork::plan_tick() {
  Duration longest = std::min(kLongestTick, options_.interval);
  for (const Direction& direction : directions_) {
    for (const Stream& stream : direction.streams)
      if (stream.onward) longest = std::min(longest, stream.onward->delay);
  }
  longest = std::max(longest, kShortestTick);
  const std::int64_t ticks = (options_.interval.ps() + longest.ps() - 1) / longest.ps();
  ticks_of_interval_ = static_cast<std::uint64_t>(ticks);
  tick_ = options_.interval / ticks;
  for (Direction& direction : directions_) {
    for (Stream& stream : direction.streams) {
      if (!stream.onward) continue;
      const std::int64_t lag = (stream.onward->delay.ps() + tick_.ps() / 2) / tick_.ps();
      directions_[stream.onward->direction].streams[stream.onward->stream].coming.assign(
          static_cast<std::size_t>(std::max<std::int64_t>(1, lag)), 0);
    }
  }
}

void ShadowNetwork::merge_from(std::size_t begin) {
  const auto by_time = [](const core::Frame& a, const core::Frame& b) { return a.at < b.at; };
  const auto middle = arrivals_.begin() + static_cast<std::ptrdiff_t>(begin);
  if (middle == arrivals_.begin() || middle == arrivals_.end() || !by_time(*middle, *(middle - 1))) return;
  std::inplace_merge(arrivals_.begin(), middle, arrivals_.end(), by_time);
}

void ShadowNetwork::take_source(Direction& direction, std::size_t s, Instant end) {
  Stream& stream = direction.streams[s];
  const traffic::Background& background = backgrounds_[stream.background];
  core::Frame frame = frame_of(s, background.source.packet, background.traffic_class);
  double& expected = direction.expected[s];
  if (stream.source) {
    std::uint64_t bytes = 0;
    for (traffic::Source& source = *stream.source; source.peek().at < end;) {
      const traffic::Arrival arrival = source.take();
      frame.at = arrival.at;
      frame.size = arrival.size;
      bytes += arrival.size;
      arrivals_.push_back(frame);
    }
    expected = stream.expectation ? stream.expectation->bytes_until(end) : static_cast<double>(bytes) * k_;
  } else if (!stream.coming.empty()) {
    expected = stream.coming.front();
    stream.coming.pop_front();
  } else {
    for (const Elastic& one : elastic_) {
      if (one.background != stream.background) continue;
      expected = one.bytes_per_second * tick_.to_seconds();
      stream.elastic.feed(expected / k_, frame, time_, tick_, arrivals_);
    }
  }
}

void ShadowNetwork::take_real(Direction& direction) {
  const dataplane::RealLoad load = board_.load(board_index(direction));
  std::uint64_t bytes = 0;
  for (std::size_t c = 0; c < core::kMostClasses; ++c) bytes += load.offered[c] - direction.told.offered[c];
  const std::uint64_t frames = load.frames - direction.told.frames;
  if (frames > 0 && bytes > 0) {
    direction.real_size = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(bytes / frames, traffic::kLeastPacket, topology_.largest_frame().count()));
  }
  core::Frame frame = frame_of(direction.streams.size(), direction.real_size, 0);
  for (std::size_t c = 0; c < core::kMostClasses; ++c) {
    const std::uint64_t more = load.offered[c] - direction.told.offered[c];
    if (more == 0) continue;
    const std::size_t begin = arrivals_.size();
    frame.forced_class = static_cast<std::uint8_t>(c);
    direction.real[c].feed(static_cast<double>(more) / k_, frame, time_, tick_, arrivals_);
    merge_from(begin);
  }
  direction.expected.back() = static_cast<double>(bytes);
  direction.told = load;
}

void ShadowNetwork::gather(Direction& direction, Instant end) {
  arrivals_.clear();
  for (Inbox& inbox : direction.inboxes) {
    const std::size_t begin = arrivals_.size();
    for (; !inbox.frames.empty() && inbox.frames.front().at < end; inbox.frames.pop_front())
      arrivals_.push_back(inbox.frames.front());
    merge_from(begin);
  }
  for (std::size_t s = 0; s < direction.streams.size(); ++s) {
    const std::size_t begin = arrivals_.size();
    take_source(direction, s, end);
    merge_from(begin);
  }
  take_real(direction);
}

void ShadowNetwork::pass_on(const Direction& direction) {
  for (const PassedFrame& passed : passed_) {
    const std::optional<Onward>& onward = direction.streams[passed.stream].onward;
    if (!onward) continue;
    const traffic::Background& background = backgrounds_[direction.streams[passed.stream].background];
    core::Frame frame = frame_of(onward->stream, passed.size, background.traffic_class);
    frame.at = passed.at + onward->delay;
    directions_[onward->direction].inboxes[onward->inbox].frames.push_back(frame);
  }
  for (std::size_t s = 0; s < direction.streams.size(); ++s) {
    if (const auto& onward = direction.streams[s].onward)
      directions_[onward->direction].streams[onward->stream].coming.push_back(direction.expected[s]);
  }
}

void ShadowNetwork::tick() {
  const Instant end = time_ + tick_;
  for (Direction& direction : directions_) {
    gather(direction, end);
    frames_ += arrivals_.size();
    passed_.clear();
    direction.link.run(arrivals_, direction.expected, end, passed_);
    pass_on(direction);
  }
  time_ = end;
  if (++ticks_ % ticks_of_interval_ == 0) publish();
}

void ShadowNetwork::publish() {
  ++intervals_;
  for (Direction& direction : directions_) direction.last = direction.link.take_interval(time_);
  if (!elastic_.empty()) share_elastic();
  for (Direction& direction : directions_) {
    board_.publish(board_index(direction), direction.last.background, time_);
    record(direction);
  }
}

}  // namespace longhaul::wide
