// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/receiver.h"

#include <algorithm>
#include <bit>

namespace longhaul::core {
namespace {

// Lossless classes have a part of the buffer to themselves, the others share the rest.
QueueConfig far_queues(const LinkConfig& config) {
  QueueConfig queues;
  queues.classes.assign(config.queues.classes.size(), {});
  for (std::size_t c = 0; c < queues.classes.size(); ++c) {
    queues.classes[c].strict = true;
    if (((config.far_end.pfc.classes >> c) & 1U) == 0) continue;
    const PfcThresholds& thresholds = config.far_end.pfc.thresholds[c];
    queues.classes[c].reserved = queues.classes[c].limit_bytes = thresholds.xoff + thresholds.headroom;
  }
  return queues;
}

std::size_t times_in(Duration span, Duration period) {
  return static_cast<std::size_t>(span.ps() / std::max(period.ps(), std::int64_t{1})) + 2;
}

// Pause frames that can be on their way at once. A lossless class must fall from xoff to xon, or lose a frame
// at least, between one XOFF and the next.
std::size_t most_pauses(const LinkConfig& config, Duration refresh) {
  const Pfc& pfc = config.far_end.pfc;
  constexpr std::uint64_t kSmallestFrame = 14;
  std::size_t sum = 0;
  for (std::size_t c = 0; c < kMostClasses; ++c) {
    const std::uint64_t span = (pfc.thresholds[c].xoff - pfc.thresholds[c].xon).count();
    const Bytes fall(std::max(span, kSmallestFrame));
    sum += 2 * times_in(pfc.pause_delay, serialisation_time(fall, config.far_end.rate));
    sum += times_in(pfc.pause_delay, refresh);
  }
  for (const Event& event : config.timeline.events) {
    const bool once = event.period == Duration();
    if (event.change.storm) sum += kMostClasses * (once ? 1 : times_in(pfc.pause_delay, event.period));
  }
  return sum;
}

}  // namespace

Bytes Receiver::capacity(const LinkConfig& config) {
  if (config.far_end.rate == BitRate()) return {};
  Bytes sum = config.far_end.buffer;
  for (const ClassConfig& c : far_queues(config).classes) sum += c.reserved;
  return sum;
}

Receiver::Receiver(const LinkConfig& config, std::uint32_t largest_frame, StreamOwner owner,
                   std::uint64_t seed)
    : pfc_(config.far_end.pfc),
      refresh_(pfc_.refresh == Duration() ? std::max(pause_time(config.far_end.pfc.quanta, config.rate) / 2,
                                                     Duration::picoseconds(1))
                                          : pfc_.refresh),
      room_(far_queues(config), capacity(config), capacity(config), config.far_end.rate),
      transmitter_(config, far_queues(config), config.far_end.rate, largest_frame),
      lost_(pfc_.lost, RandomStream(seed, owner, Effect::kPauseLoss)),
      pauses_(most_pauses(config, refresh_)) {}

bool Receiver::arrive(const Travelling& frame) {
  const std::size_t traffic_class = frame.traffic_class();
  Waiting waiting = waiting_frame(frame.cookie, frame.due, frame.size, frame.ecn(), frame.marked());
  if (transmitter_.starts_at_once(traffic_class, neighbour_.held())) {
    transmitter_.start(room_, waiting, traffic_class, frame.due);
    return true;
  }
  if (room_.buffer.refuses(traffic_class, frame.size, frame.due)) return false;
  room_.buffer.add(traffic_class, waiting, frame.due);
  transmitter_.enqueue(room_, traffic_class, waiting);
  if (!transmitter_.busy()) serve(frame.due);
  after_arrival(traffic_class, frame.due);
  return true;
}

const Transmitter::Sent* Receiver::finish(Instant now) {
  return transmitter_.busy() && transmitter_.next_event() <= now ? &transmitter_.finish() : nullptr;
}

void Receiver::serve(Instant now) {
  if (transmitter_.busy() || !transmitter_.waiting()) return;
  struct Events {
    Receiver& receiver;
    std::size_t started = kMostClasses;
    DequeueVerdict judge_head(const Waiting&, std::size_t traffic_class, std::uint64_t, Instant) {
      started = traffic_class;
      return {};
    }
    void queue_emptied(std::size_t, Instant) {}
    void drop_head(const Waiting&, std::size_t, DropCause, Instant) {}
    void mark(Waiting&, std::size_t, MarkCause, Instant) {}
  } events{*this};
  transmitter_.serve(room_, now, neighbour_.held(), events);
  if (events.started != kMostClasses) after_start(events.started, now);
}

void Receiver::after_arrival(std::size_t traffic_class, Instant now) {
  if (!lossless(traffic_class)) return;
  const std::uint64_t held = room_.buffer.class_bytes(traffic_class);
  counters_.far_peak_bytes = std::max(counters_.far_peak_bytes, held);
  if (((off_ >> traffic_class) & 1U) != 0 || held <= pfc_.thresholds[traffic_class].xoff.count()) return;
  off_ |= 1U << traffic_class;
  send(traffic_class, true, now);
}

void Receiver::after_start(std::size_t traffic_class, Instant now) {
  if (((off_ >> traffic_class) & 1U) == 0) return;
  if (room_.buffer.class_bytes(traffic_class) > pfc_.thresholds[traffic_class].xon.count()) return;
  off_ &= ~(1U << traffic_class);
  if (((storm_ >> traffic_class) & 1U) == 0) send(traffic_class, false, now);
  find_refresh();
}

void Receiver::send(std::size_t traffic_class, bool xoff, Instant now) {
  ++(xoff ? counters_.xoff_sent : counters_.xon_sent);
  if (xoff) last_xoff_[traffic_class] = now;
  if (lost_.hits_next()) {
    ++counters_.lost;
  } else {
    pauses_.push({now + pfc_.pause_delay, static_cast<std::uint8_t>(traffic_class), xoff});
  }
  find_refresh();
}

void Receiver::find_refresh() {
  next_refresh_ = Instant::never();
  for (std::size_t c = 0; c < kMostClasses; ++c) {
    if (holds_back(c)) next_refresh_ = std::min(next_refresh_, last_xoff_[c] + refresh_);
  }
}

void Receiver::refresh(Instant now) {
  if (neighbour_.next_event() <= now) neighbour_.expire(now);
  if (next_refresh_ > now) return;
  for (std::size_t c = 0; c < kMostClasses; ++c) {
    if (holds_back(c) && last_xoff_[c] + refresh_ <= now) send(c, true, now);
  }
}

void Receiver::storm(std::uint8_t classes, Instant now) {
  const unsigned changed = storm_ ^ classes;
  storm_ = classes;
  for (unsigned rest = changed; rest != 0; rest &= rest - 1) {
    const auto c = static_cast<std::size_t>(std::countr_zero(rest));
    const bool begins = ((storm_ >> c) & 1U) != 0;
    if (begins || ((off_ >> c) & 1U) == 0) send(c, begins, now);
  }
  find_refresh();
}

}  // namespace longhaul::core
