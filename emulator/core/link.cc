// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/link.h"

#include <numeric>

namespace longhaul::core {
namespace {

// Hosts on virtual interfaces do not pad; framed_size() does where the wire would.
constexpr Bytes kSmallestOnLine{14};

template <typename Each>
void for_each_change(const Timeline& timeline, Each&& each) {
  for (const Event& event : timeline.events) each(event.change);
  for (const Trace::Row& row : timeline.trace.rows) each(row.change);
}

BitRate share(BitRate rate, std::uint32_t waves) {
  return BitRate::bits_per_second(rate.bps() / waves);
}

// What can be on the line of one wave at once.
LinkCapacity line_capacity(const LinkConfig& config, Bytes largest_frame) {
  const Reserve most = most_of(config);
  const BitRate rate = share(most.rate, config.waves.members);
  // A frame is on the line from its first bit sent to its last bit received.
  const Duration stay = LineEffects::most_delay(config, most.delay + config.most_background_wait) +
                        serialisation_time(framed_size(largest_frame, config.framing), rate);
  const Duration spacing =
      serialisation_time(framed_size(kSmallestOnLine + config.overhead, config.framing), rate);
  const std::uint64_t copies = config.line.duplicate.probability > 0 ? 2 : 1;
  return {copies * (static_cast<std::uint64_t>(stay.ps() / spacing.ps()) + 2),
          copies * (bytes_in(rate, stay).count() + 2 * largest_frame.count())};
}

}  // namespace

Reserve most_of(const LinkConfig& config) {
  const Reserve& reserve = config.reserve;
  Reserve most{std::max(config.rate, reserve.rate), std::max(config.delay, reserve.delay),
               std::max(config.buffer, reserve.buffer)};
  for_each_change(config.timeline, [&](const Change& change) {
    if (change.rate) most.rate = std::max(most.rate, *change.rate);
    if (change.delay) most.delay = std::max(most.delay, *change.delay);
    if (change.buffer) most.buffer = std::max(most.buffer, *change.buffer);
  });
  return most;
}

bool is_allowed(const Change& change, const LinkConfig& config) {
  const Reserve most = most_of(config);
  return change.rate <= most.rate && change.delay <= most.delay && change.buffer <= most.buffer &&
         (!change.new_route || LineEffects::reorders(config)) &&
         (!change.background || config.most_background_wait != Duration());
}

LinkCapacity capacity_of(const LinkConfig& config, Bytes largest_frame) {
  const Bytes buffer = most_of(config).buffer, far = Receiver::capacity(config);
  const LinkCapacity line = line_capacity(config, largest_frame);
  const std::uint64_t waves = config.waves.members;
  const std::uint64_t far_frames = config.far_end.rate == BitRate() ? 0 : SharedBuffer::most_frames(far) + 1;
  return {SharedBuffer::most_frames(buffer) + waves * (line.frames + 1) + far_frames,
          buffer.count() + waves * line.bytes + (far_frames == 0 ? 0 : far.count() + largest_frame.count())};
}

bool needs_headers(const LinkConfig& config) {
  const auto has_aqm = [](const ClassConfig& c) { return !std::holds_alternative<aqm::None>(c.aqm); };
  return config.waves.members > 1 || config.queues.key != ClassKey::kNone ||
         config.most_background_wait != Duration() ||
         std::any_of(config.queues.classes.begin(), config.queues.classes.end(), has_aqm);
}

Link::Link(const LinkConfig& config, Bytes largest_frame, StreamOwner owner, std::uint64_t seed)
    : wave_count_(config.waves.members),
      key_(config.queues.key),
      class_count_(config.queues.classes.size()),
      configured_rate_(config.rate),
      most_background_wait_(config.most_background_wait),
      background_stream_(seed, owner, Effect::kBackground),
      pause_quanta_(config.far_end.pfc.quanta),
      room_(config.queues, config.buffer, most_of(config).buffer, config.rate),
      rate_(config.rate),
      pauses_(config.far_end.pfc.watchdog),
      delay_(config.delay),
      line_{.delay = config.delay, .dark_since = {}},
      agenda_(config.timeline) {
  if (key_ == ClassKey::kPcp) {
    std::copy(config.queues.class_of_pcp.begin(), config.queues.class_of_pcp.end(), class_map_.begin());
  } else {
    class_map_ = config.queues.class_of_dscp;
  }
  const auto largest = static_cast<std::uint32_t>(largest_frame.count());
  const LinkCapacity line = line_capacity(config, largest_frame);
  const std::size_t out_of_order = LineEffects::reorders(config) ? line.frames : 0;
  const Duration longest =
      LineEffects::most_delay(config, most_of(config).delay + config.most_background_wait);
  waves_.reserve(config.waves.members);
  for (std::uint32_t w = 0; w < config.waves.members; ++w) {
    waves_.push_back({Transmitter(config, config.queues, share(config.rate, config.waves.members), largest),
                      LineEffects(config, w, owner, seed),
                      DelayLine(line.frames, out_of_order, longest),
                      {}});
    for (const ClassConfig& c : config.queues.classes) {
      const auto* codel = std::get_if<aqm::Codel>(&c.aqm);
      waves_[w].codel.emplace_back(codel != nullptr ? *codel : aqm::Codel{}, largest);
    }
    waves_up_.push_back(w);
  }
  const auto& classes = config.queues.classes;
  if (std::any_of(classes.begin(), classes.end(), ClassPolicy::needed)) {
    for (std::uint32_t c = 0; c < classes.size(); ++c) {
      policies_.emplace_back(classes[c], c, config.rate, largest, owner, seed);
    }
  }
  if (config.far_end.rate != BitRate()) receiver_.emplace(config, largest, owner, seed);
  find_control();
}

Link::Wave* Link::wave_of(std::uint32_t flow) {
  return waves_up_.empty() ? nullptr : &waves_[waves_up_[flow % waves_up_.size()]];
}

bool Link::plan(Instant at, const Change& change) {
  if (!agenda_.plan(std::max(at, latest_), change)) return false;
  for (Wave& wave : waves_) wave.effects.expect(change, wave.line);
  find_control();
  return true;
}

void Link::begin_at(Instant at) {
  agenda_.first_frame(at);
  find_control();
}

void Link::find_control() {
  control_ = std::min(agenda_.next(), pauses_.next_event());
  if (receiver_) control_ = std::min(control_, receiver_->next_pause());
  for (const ClassPolicy& policy : policies_) control_ = std::min(control_, policy.next_tick());
}

// When anything happens by itself that is not a delivery from the line to the driver.
Instant Link::next_step() const {
  Instant next = std::min(control_, waves_[0].transmitter.next_event());
  for (std::size_t w = 1; w < waves_.size(); ++w) {
    next = std::min(next, waves_[w].transmitter.next_event());
  }
  if (receiver_) {
    next = std::min(next, receiver_->next_event());
    for (const Wave& wave : waves_) next = std::min(next, wave.line.next_event());
  }
  return next;
}

Instant Link::next_event() const {
  Instant next = control_;
  if (receiver_) next = std::min(next, receiver_->next_event());
  for (const Wave& wave : waves_) {
    next = std::min(next, wave.line.next_event());
    const Instant step = wave.transmitter.next_event();
    if (step != Instant::never()) {
      next = std::min(next, wave.transmitter.busy() ? step + wave.effects.least_delay(line_) : step);
    }
  }
  return next;
}

void Link::take_pauses(Instant now) {
  while (receiver_->next_pause() <= now) {
    const Receiver::PauseFrame frame = receiver_->take_pause();
    if (frame.xoff) {
      pauses_.pause(frame.traffic_class, now + pause_time(pause_quanta_, configured_rate_), now);
    } else {
      pauses_.resume(frame.traffic_class, now);
    }
  }
}

void Link::update_policies(Instant now) {
  for (std::size_t c = 0; c < policies_.size(); ++c) {
    if (policies_[c].next_tick() <= now) policies_[c].tick(room_.buffer.class_bytes(c), rate_left(), now);
  }
}

// The serialiser has what the background leaves of the rate, of which a rate above zero never is zero.
BitRate Link::rate_left() const {
  if (background_.share_left >= 1 || rate_.bps() == 0) return rate_;
  const double left = static_cast<double>(rate_.bps()) * background_.share_left;
  return BitRate::bits_per_second(
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(left), 1, rate_.bps()));
}

void Link::set_background(const Background& background) {
  background_ = background;
  background_.wait = std::clamp(background.wait, Duration(), most_background_wait_);
  background_judges_ = background.loss > 0 || background.mark > 0;
}

// One draw for each frame offered, by its position: so that what happens to a frame does not depend on when
// the background began.
Judgement Link::judge_background(Ecn ecn) const {
  const double draw = background_stream_.uniform(counters_.in.frames - 1);
  if (draw <= background_.loss) return Judgement::kDrop;
  if (draw > background_.loss + (1 - background_.loss) * background_.mark) return Judgement::kPass;
  return ecn == Ecn::kNotCapable ? Judgement::kDrop : Judgement::kMark;
}

void Link::renew_rate(Instant now) {
  const BitRate rate = rate_left();
  room_.buffer.set_rate(rate);
  for (Wave& wave : waves_) {
    wave.transmitter.set_rate(share(rate, static_cast<std::uint32_t>(waves_.size())), now);
  }
  for (ClassPolicy& policy : policies_) policy.set_rate(rate);
}

void Link::pause_neighbour(std::uint8_t classes, const std::array<std::uint16_t, kMostClasses>& quanta,
                           Instant at) {
  for (std::size_t c = 0; c < class_count_; ++c) {
    if (((classes >> c) & 1U) == 0) continue;
    if (quanta[c] == 0) {
      receiver_->neighbour().resume(c, at);
    } else {
      receiver_->neighbour().pause(c, at + pause_time(quanta[c], configured_rate_), at);
    }
  }
  receiver_->serve(at);
  find_control();
}

LinkCounters Link::counters() const {
  LinkCounters result = counters_;
  result.queue_bytes = room_.buffer.bytes();
  result.held = {room_.buffer.frames(), room_.buffer.bytes()};
  for (const Wave& wave : waves_) {
    result.held = result.held + Tally{wave.line.frames(), wave.line.bytes()};
    if (wave.transmitter.busy()) result.held.add(wave.transmitter.current_bytes());
    result.reordered += wave.line.overtakers();
  }
  if (receiver_) {
    result.held = result.held + Tally{receiver_->frames(), receiver_->bytes()};
    const std::uint64_t storms = result.pause.storms;
    result.pause = receiver_->counters();
    result.pause.storms = storms;
  }
  if (class_count_ == 1) result.classes[0].in = result.in;
  for (std::size_t c = 0; c < class_count_; ++c) {
    result.classes[c].queue_bytes = room_.buffer.class_bytes(c);
    result.classes[c].paused = pauses_.paused_for(c, latest_);
  }
  return result;
}

}  // namespace longhaul::core
