// SPDX-License-Identifier: GPL-2.0-only
#include "tests/core/random_history.h"

#include <algorithm>

namespace longhaul::testing {

using core::Change;
using core::ClassConfig;
using core::Event;
using core::Frame;
using core::LinkConfig;

Features Features::some(std::mt19937_64& random, std::uint64_t one_in) const {
  Features chosen;
  for (std::uint32_t bit = 0; bit < kFeatures; ++bit)
    if (((bits_ >> bit) & 1) != 0 && random() % one_in == 0) chosen.bits_ |= std::uint64_t{1} << bit;
  return chosen;
}

std::string Features::names() const {
  static constexpr const char* kNames[kFeatures] = {
      "classes",        "limits",         "pool",        "tiers",         "red_threshold", "codel",
      "time_cap",       "waves",          "rate_steps",  "delay_steps",   "outages",       "members",
      "buffer_steps",   "far_end",        "pfc",         "storm",         "watchdog",      "neighbour",
      "coarse",         "loss_patterns",  "sides",       "damage",        "overhead",      "drift",
      "free_order",     "background",     "random_loss", "random_damage", "random_copies", "random_queue",
      "random_reorder", "random_dequeue", "jitter",      "lost_pauses"};
  std::string all;
  for (std::uint32_t bit = 0; bit < kFeatures; ++bit)
    if (((bits_ >> bit) & 1) != 0) all += std::string(all.empty() ? "" : " ") + kNames[bit];
  return all;
}

namespace {

class Maker {
 public:
  Maker(std::mt19937_64& random, std::size_t frames, Features features)
      : random_(random), features_(features), count_(frames) {}

  History make() {
    config_.rate = on(Feature::kCoarse) ? BitRate::gigabits_per_second(8)  // 1 ns for a byte
                                        : BitRate::bits_per_second(pick(100'000'000, 400'000'000'000));
    tick_ = serialisation_time(Bytes(800), config_.rate).ps();
    load_ = static_cast<std::int64_t>(pick(1, 14));
    span_ = static_cast<std::int64_t>(count_) * tick_ * load_;
    config_.framing = coin() && !on(Feature::kCoarse) ? core::Framing::kWire : core::Framing::kL2;
    config_.buffer = bytes(kLargestFrame.count(), 200'000);
    config_.delay = ticks(0, 60);
    if (on(Feature::kOverhead)) config_.overhead = bytes(1, 64);
    queues();
    line();
    if (on(Feature::kWaves)) waves();
    if (on(Feature::kFarEnd)) far_end();
    timeline();
    History history{features_, config_, random_(), traffic()};
    history.pauses = neighbour(history.frames.back().at);
    return history;
  }

 private:
  std::uint64_t pick(std::uint64_t low, std::uint64_t high) { return low + random_() % (high - low + 1); }
  bool coin(std::uint64_t one_in = 2) { return random_() % one_in == 0; }
  bool on(Feature feature) const { return features_.has(feature); }
  // A time between so many ticks, not a whole number of them.
  Duration ticks(std::uint64_t low, std::uint64_t high) {
    const auto tick = static_cast<std::uint64_t>(tick_);
    return time(pick(low * tick, high * tick));
  }
  Duration time(std::uint64_t ps) const {
    constexpr std::uint64_t kStep = 100'000;  // an eighth of a tick
    return Duration::picoseconds(static_cast<std::int64_t>(on(Feature::kCoarse) ? ps / kStep * kStep : ps));
  }
  Bytes bytes(std::uint64_t low, std::uint64_t high) {
    constexpr std::uint64_t kStep = 100;
    const std::uint64_t any = pick(low, high), down = any / kStep * kStep;
    if (!on(Feature::kCoarse)) return Bytes(any);
    return Bytes(down < low ? down + kStep : down);
  }
  // Of a tier or a far end, about the link's.
  BitRate other_rate(std::uint64_t low_tenths, std::uint64_t high_tenths) {
    const std::uint64_t rate = config_.rate.bps();
    return BitRate::bits_per_second(on(Feature::kCoarse) ? rate / 4 << pick(1, 3)
                                                         : rate / 10 * pick(low_tenths, high_tenths));
  }
  std::uint16_t quanta() {  // a tick is 13 of them
    const std::uint64_t any = pick(13, 1'300);
    return static_cast<std::uint16_t>(on(Feature::kCoarse) ? (any / 25 + 1) * 25 : any);
  }
  double probability() {
    static constexpr double kSome[] = {0.01, 0.1, 0.3, 0.7};
    return kSome[pick(0, 3)];
  }

  void queues() {
    core::QueueConfig& queues = config_.queues;
    if (on(Feature::kClasses)) {
      queues.classes.resize(pick(1, 8));
      queues.key = coin() ? core::ClassKey::kPcp : core::ClassKey::kDscp;
      for (auto& cls : queues.class_of_pcp) cls = some_class();
      for (auto& cls : queues.class_of_dscp) cls = some_class();
    }
    for (ClassConfig& cls : queues.classes) class_config(cls);
    if (on(Feature::kTiers)) {
      queues.tiers.on_chip = bytes(2 * kLargestFrame.count(), 80'000);
      if (coin()) queues.tiers.staging = bytes(kLargestFrame.count(), queues.tiers.on_chip.count() - 1);
      queues.tiers.bandwidth = other_rate(3, 30);
    }
  }

  std::uint8_t some_class() { return static_cast<std::uint8_t>(pick(0, config_.queues.classes.size() - 1)); }

  void class_config(ClassConfig& cls) {
    const std::uint64_t buffer = config_.buffer.count();
    cls.strict = on(Feature::kClasses) && coin(3);
    cls.weight = static_cast<std::uint32_t>(coin(8) ? 64 : pick(1, 4));
    if (on(Feature::kLimits)) {
      if (coin(3)) cls.limit_bytes = bytes(kLargestFrame.count(), buffer);
      if (coin(3)) cls.limit_frames = pick(1, 40);
      if (coin(3)) cls.limit_time = ticks(12, 100);
    }
    if (on(Feature::kTimeCap) && coin()) cls.time_cap = ticks(5, 60);
    if (on(Feature::kPool)) {
      static constexpr double kAlphas[] = {0, 0.125, 0.5, 1, 2, 8};
      cls.reserved = bytes(0, coin() ? 0 : buffer / config_.queues.classes.size() / 2);
      cls.alpha = kAlphas[pick(0, 5)];
    }
    const bool by_chance = on(Feature::kRandomQueue) || on(Feature::kRandomDequeue);
    if (on(Feature::kRandomQueue) && coin(3)) {
      cls.aqm = core::aqm::Pie{ticks(1, 30), ticks(2, 20), 0.125, 1.25, ticks(0, 60), coin()};
    } else if (coin() && (by_chance || on(Feature::kRedThreshold))) {
      const Bytes low = bytes(0, buffer / 2);
      core::aqm::Red red{low, low, 1, 0, coin(), coin()};
      if (by_chance) {
        red.max += bytes(0, buffer / 2);
        red.max_probability = probability();
        red.average_shift = static_cast<unsigned>(pick(0, 4));
        red.at_dequeue = on(Feature::kRandomDequeue);
      }
      cls.aqm = red;
    }
    if (on(Feature::kCodel) && coin()) cls.aqm = core::aqm::Codel{ticks(1, 20), ticks(5, 60), coin()};
  }

  void line() {
    core::LineConfig& line = config_.line;
    if (on(Feature::kLossPatterns)) config_.loss = loss_pattern();
    if (on(Feature::kRandomLoss)) config_.loss = random_loss();
    if (on(Feature::kSides)) {
      line.reorder = {coin() ? 1.0 : 0.0, static_cast<std::uint32_t>(pick(1, 6)), ticks(0, 30)};
      if (coin()) line.reorder.hold = Duration{};
      line.duplicate = {coin() ? 1.0 : 0.0, ticks(0, 30)};
    }
    if (on(Feature::kRandomCopies)) line.duplicate = {probability(), ticks(0, 30)};
    if (on(Feature::kRandomReorder))
      line.reorder = {probability(), static_cast<std::uint32_t>(pick(1, 6)),
                      coin() ? ticks(0, 30) : Duration{}};
    const auto region = static_cast<core::Region>(pick(0, 2));
    if (on(Feature::kDamage)) line.corrupt = {1, static_cast<std::uint32_t>(pick(1, 5)), region, !coin(8)};
    if (on(Feature::kRandomDamage)) {
      line.corrupt = {probability(), static_cast<std::uint32_t>(pick(1, 5)), region, coin()};
      line.bit_errors = {coin() ? 1e-5 : 1e-4, coin()};
    }
    if (on(Feature::kDrift))
      line.drift_ps_per_s = static_cast<std::int64_t>(pick(0, 200'000'000'000)) - 100'000'000'000;
    if (on(Feature::kFreeOrder)) line.order = core::Order::kFree;
    if (on(Feature::kJitter)) {
      line.jitter.scale = ticks(1, 10);
      line.jitter.shape = static_cast<core::JitterShape>(pick(0, 4));
      if (line.jitter.shape == core::JitterShape::kTable)
        line.jitter.table = {-16'000, -8'000, 0, 9'000, 30'000};
      if (coin()) line.jitter.correlation = 0.5;
    }
  }

  core::LossModel loss_pattern() {
    switch (pick(0, 5)) {
      case 0:
        return core::LossModel(core::loss::EveryNth{pick(1, 20), pick(0, 40)});
      case 1:
        return core::LossModel(core::loss::GilbertElliott{1, coin() ? 1.0 : 0.0, 1, 0});
      case 2:
        return core::LossModel(core::loss::FourState{1, 0, 1, 1, 0});
      case 3:
        return core::LossModel(core::loss::FourState{0, 1, 0, 1, 1});
      default: {
        core::loss::Positions positions;
        for (std::uint64_t at = pick(0, 9); at < count_ && positions.frames.size() < 30; at += pick(1, 12))
          positions.frames.push_back(at);
        if (coin() && !positions.frames.empty()) positions.period = positions.frames.back() + pick(1, 9);
        return core::LossModel(positions);
      }
    }
  }

  core::LossModel random_loss() {
    switch (pick(0, 2)) {
      case 0:
        return core::LossModel(
            core::loss::GilbertElliott{probability(), probability(), 1 - probability(), 0.01});
      case 1:
        return core::LossModel(core::loss::FourState{0.1, 0.4, 0.3, 0.5, 0.05});
      default:
        return core::LossModel(probability());
    }
  }

  void waves() {
    config_.waves.members = static_cast<std::uint32_t>(on(Feature::kCoarse) ? 1u << pick(1, 3)
                                                       : coin(4)            ? pick(5, 16)
                                                                            : pick(2, 4));
    for (std::uint32_t member = 0; member < config_.waves.members; ++member)
      config_.waves.skew.push_back(ticks(0, 20));
    if (coin()) config_.waves.skew.clear();
  }

  void far_end() {
    core::FarEnd& far = config_.far_end;
    far.rate = other_rate(4, 15);
    far.buffer = bytes(kLargestFrame.count(), 150'000);
    if (!on(Feature::kPfc)) return;
    far.pfc.classes = static_cast<std::uint8_t>(pick(1, 255));
    for (core::PfcThresholds& thresholds : far.pfc.thresholds) {
      thresholds.xoff = bytes(0, 60'000);
      thresholds.xon = bytes(0, thresholds.xoff.count());
      thresholds.headroom = bytes(0, 100'000);
    }
    far.pfc.pause_delay = ticks(1, 60);
    far.pfc.quanta = quanta();
    if (coin()) far.pfc.refresh = ticks(1, 100);
    if (on(Feature::kLostPauses)) far.pfc.lost = probability();
    if (on(Feature::kWatchdog))
      far.pfc.watchdog = {ticks(5, 100), ticks(1, 100),
                          coin() ? core::WatchdogAction::kDrop : core::WatchdogAction::kForward};
  }

  BitRate some_rate(bool may_be_zero) {
    if (may_be_zero && coin(4)) return BitRate{};
    const std::uint64_t eighth = config_.rate.bps() / 8;
    return BitRate::bits_per_second(on(Feature::kCoarse) ? eighth << pick(0, 4) : eighth * pick(1, 16));
  }

  Event& event(Change change) {
    Event event;
    const auto half = static_cast<std::uint64_t>(span_) / 2;
    event.at = time(pick(0, half));
    event.change = change;
    if (coin()) {  // again and again, but all before the end
      event.times = pick(1, 9);
      event.period = time(half / pick(10, 30) + 1);
    }
    if (coin(3)) event.origin = core::Origin::kFirstFrame;
    return config_.timeline.events.emplace_back(event);
  }

  // A change, and after a while the opposite.
  void there_and_back(Change there, Change back) {
    Event& begin = event(there);
    Event end = begin;
    end.at = end.at + ticks(1, 60);
    end.change = back;
    config_.timeline.events.push_back(end);
  }

  void timeline() {
    Change last;  // puts everything right
    if (on(Feature::kRateSteps)) {
      for (std::uint64_t i = pick(1, 4); i > 0; --i) event({.rate = some_rate(true)});
      last.rate = config_.rate;
    }
    if (on(Feature::kDelaySteps)) {
      for (std::uint64_t i = pick(1, 4); i > 0; --i) event({.delay = ticks(0, 60), .new_route = coin()});
    }
    if (on(Feature::kRateSteps) || on(Feature::kDelaySteps)) trace();
    if (on(Feature::kOutages)) {
      if (coin()) there_and_back({.dark = true}, {.dark = false});
      if (coin()) there_and_back({.blackhole = true}, {.blackhole = false});
      if (coin()) event({.burst = pick(1, 20)});
      if (coin()) there_and_back({.loss = 1.0}, {.loss = 0.0});
    }
    if (on(Feature::kMembers) && config_.waves.members > 1) members();
    if (on(Feature::kBackground)) background();
    if (on(Feature::kBufferSteps)) {
      std::uint64_t least = kLargestFrame.count(), reserved = 0;
      for (const ClassConfig& cls : config_.queues.classes) reserved += cls.reserved.count();
      least = std::max(least, reserved);
      for (std::uint64_t i = pick(1, 4); i > 0; --i) event({.buffer = bytes(least, least + 200'000)});
    }
    if (on(Feature::kStorm) && config_.far_end.pfc.classes != 0) {
      there_and_back({.storm = static_cast<std::uint8_t>(pick(0, 255) & config_.far_end.pfc.classes)},
                     {.storm = std::uint8_t{0}});
      last.storm = std::uint8_t{0};
    }
    if (last == Change{}) return;
    for (const core::Origin origin : {core::Origin::kStart, core::Origin::kFirstFrame})
      config_.timeline.events.push_back({Duration::picoseconds(span_ + 1), Duration{}, 1, origin, last});
  }

  void background() {
    config_.most_background_wait = ticks(1, 60);
    const auto some = [&] {
      core::Background background;
      background.share_left = static_cast<double>(pick(1, 8)) / 8;
      background.wait = std::min(ticks(0, 60), config_.most_background_wait);
      background.loss = coin(8) ? 1 : 0;
      background.mark = coin(4) ? 1 : 0;
      return background;
    };
    for (std::uint64_t i = pick(1, 6); i > 0; --i) event({.background = some()});
    there_and_back({.background = some()}, {.background = core::Background{}});
  }

  void members() {
    for (std::uint64_t i = pick(1, 3); i > 0; --i) {
      const auto index = static_cast<std::uint32_t>(pick(0, config_.waves.members - 1));
      there_and_back({.member = Change::Member{index, false}}, {.member = Change::Member{index, true}});
    }
  }

  void trace() {
    if (coin()) return;
    core::Trace& trace = config_.timeline.trace;
    Duration at = ticks(0, 30);
    for (std::uint64_t i = pick(1, 20); i > 0; --i, at = at + ticks(1, 30)) {
      Change change;
      if (on(Feature::kRateSteps)) change.rate = some_rate(false);
      if (on(Feature::kDelaySteps) && coin()) change.delay = ticks(0, 60);
      trace.rows.push_back({at, change});
    }
    if (coin()) trace.period = at;
    if (coin()) trace.origin = core::Origin::kFirstFrame;
  }

  std::vector<Frame> traffic() {
    std::vector<Frame> frames;
    Instant at = Instant::at(coin() ? Duration{} : ticks(0, 20));
    for (std::uint64_t i = 0; i < count_; ++i) {
      if (coin(4)) at = at + ticks(0, 8 * static_cast<std::uint64_t>(load_) / 2);
      const Bytes size = coin(10) ? bytes(14, 60) : bytes(60, coin() ? 1'600 : kLargestFrame.count());
      Frame frame{i, at, static_cast<std::uint32_t>(size.count())};
      frame.flow = static_cast<std::uint32_t>(pick(0, 40));
      frame.pcp = static_cast<std::uint8_t>(pick(0, 7));
      frame.dscp = static_cast<std::uint8_t>(pick(0, 63));
      frame.ecn = static_cast<core::Ecn>(pick(0, 3));
      frames.push_back(frame);
    }
    return frames;
  }

  std::vector<NeighbourPause> neighbour(Instant end) {
    std::vector<NeighbourPause> pauses;
    if (!on(Feature::kNeighbour) || config_.far_end.rate == BitRate{}) return pauses;
    const auto gap = static_cast<std::uint64_t>(span_ / tick_) / 8;
    for (Instant at = Instant::at(ticks(0, gap)); at <= end && pauses.size() < 20; at = at + ticks(0, gap)) {
      NeighbourPause pause{at, static_cast<std::uint8_t>(pick(0, 255)), {}};
      for (std::uint16_t& each : pause.quanta) each = coin(3) ? std::uint16_t{0} : quanta();
      pauses.push_back(pause);
    }
    return pauses;
  }

  std::mt19937_64& random_;
  const Features features_;
  const std::size_t count_;
  LinkConfig config_{};
  std::int64_t tick_ = 0, load_ = 0, span_ = 0;
};

}  // namespace

History random_history(std::mt19937_64& random, std::size_t frames, Features features) {
  return Maker(random, frames, features).make();
}

}  // namespace longhaul::testing
