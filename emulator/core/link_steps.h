// SPDX-License-Identifier: GPL-2.0-only
//
// The steps of core::Link that hand frames to a driver; part of link.h, which includes it.
#pragma once

#include "emulator/core/link.h"

namespace longhaul::core {

// What the stages of a link tell, counted, logged and passed on to the driver's sink.
template <typename Sink>
struct Link::Events {
  Link& link;
  Sink& sink;
  Wave* wave = nullptr;  // whose frame is being decided on
  Instant now{};

  // From the transmitter.
  DequeueVerdict judge_head(const Waiting& head, std::size_t traffic_class, std::uint64_t behind,
                            Instant at) {
    if (link.policies_.empty()) return {};
    const std::uint64_t depth = link.room_.buffer.class_bytes(traffic_class) - head.size();
    return link.policies_[traffic_class].judge_head(head, depth, behind, wave->codel[traffic_class], at);
  }
  void queue_emptied(std::size_t traffic_class, Instant at) {
    if (!link.policies_.empty() && link.room_.buffer.class_bytes(traffic_class) == 0) {
      link.policies_[traffic_class].emptied(at);
    }
  }
  void drop_head(const Waiting& frame, std::size_t traffic_class, DropCause cause, Instant at) {
    drop_waiting(handed_back(frame, at), at, traffic_class, cause);
  }
  void mark(Waiting& frame, std::size_t traffic_class, MarkCause cause, Instant at) {
    frame.mark();
    link.counters_.marked[static_cast<std::size_t>(cause)].add(frame.size());
    ++link.counters_.classes[traffic_class].marked;
    log(Fate::kMarked, static_cast<std::uint8_t>(cause), frame.size(), at, false);
  }
  // Before it was sent.
  void drop_waiting(const Frame& frame, Instant at, std::size_t traffic_class, DropCause cause) {
    link.counters_.classes[traffic_class].dropped.add(frame.size);
    Frame dropped = frame;
    dropped.at = at;
    drop(dropped, cause, false);
  }

  // From the line.
  void line_drop(const Travelling& frame, DropCause cause) { drop(handed_back(frame, now), cause, true); }
  void corrupt_bit(const Travelling& frame, std::uint64_t bit) { sink.corrupt(handed_back(frame, now), bit); }
  void corrupted(const Travelling& frame) {
    link.counters_.corrupted.add(frame.size);
    log(Fate::kCorrupted, 0, frame.size, now, true);
  }
  std::optional<std::uint64_t> duplicate(const Travelling& frame) {
    const std::optional<std::uint64_t> cookie = sink.duplicate(handed_back(frame, now));
    if (cookie) {
      link.counters_.duplicated.add(frame.size);
      log(Fate::kDuplicated, 0, frame.size, now, true);
    }
    return cookie;
  }

  void deliver(const Travelling& frame) {
    link.counters_.out.add(frame.size);
    sink.deliver(handed_back(frame, frame.due), frame.due);
  }
  void drop(const Frame& frame, DropCause cause, bool on_line) {
    link.counters_.dropped[static_cast<std::size_t>(cause)].add(frame.size);
    log(Fate::kDropped, static_cast<std::uint8_t>(cause), frame.size, frame.at, on_line);
    sink.drop(frame, cause);
  }
  static Frame handed_back(const Travelling& frame, Instant at) {
    return {frame.cookie, at, frame.size, 0, 0, 0, frame.ecn(), 0xFF, frame.marked()};
  }
  static Frame handed_back(const Waiting& frame, Instant at) {
    return {frame.cookie, at, frame.size(), 0, 0, 0, frame.ecn(), 0xFF, frame.marked()};
  }
  void log(Fate fate, std::uint8_t cause, std::uint32_t size, Instant at, bool on_line) {
    if (link.log_ == nullptr) return;
    const std::uint64_t position = on_line ? wave->effects.position() : link.counters_.in.frames - 1;
    const auto index = static_cast<std::uint8_t>(on_line ? wave - link.waves_.data() : 0);
    link.log_->write([&](Decision& d) { d = {at, position, size, index, fate, cause, on_line}; });
  }
};

template <FrameSink Sink>
void Link::advance(Instant now, Sink&& sink) {
  latest_ = std::max(latest_, now);
  Events<std::remove_reference_t<Sink>> events{*this, sink, &waves_[0]};
  if (!receiver_) {
    const bool nothing_changes =
        wave_count_ == 1 ? run_waves<true>(now, events) : run_waves<false>(now, events);
    if (nothing_changes) return;
  }
  while (true) {
    const Instant step = next_step();
    if (step > now) break;
    run_instant(step, events);
  }
  if (!receiver_) deliver_until<false>(now, events);
}

// As long as nothing changes, waves only meet in the buffer, and each goes through its own steps in time.
// False when something changes at or before `now`: then they went as far as that.
template <bool kOneWave, typename Sink>
bool Link::run_waves(Instant now, Events<Sink>& events) {
  while (true) {
    Wave& wave = kOneWave ? waves_[0] : next_wave();
    const Instant step = wave.transmitter.next_event();
    if (step > now || step >= control_) break;
    deliver_until<kOneWave>(step - Duration::picoseconds(1), events);
    events.now = step;
    if (wave.transmitter.busy()) finish_sending(wave, events);
    start_sending(wave, step, events);
  }
  if (control_ <= now) return false;
  deliver_until<kOneWave>(now, events);
  return true;
}

template <typename Sink>
void Link::run_instant(Instant now, Events<Sink>& events) {
  events.now = now;
  // With a far end deliveries are steps of their own; without, what was due before leaves before.
  if (!receiver_) deliver_until<false>(now - Duration::picoseconds(1), events);
  for (Wave& wave : waves_) {
    if (wave.transmitter.busy() && wave.transmitter.next_event() <= now) finish_sending(wave, events);
  }
  if (receiver_) {
    if (const Transmitter::Sent* sent = receiver_->finish(now)) {
      events.deliver({sent->frame.cookie, now, sent->frame.size(),
                      Travelling::pack(sent->traffic_class, sent->frame.ecn(), sent->frame.marked())});
    }
  }
  if (control_ <= now) change(now, events);
  if (receiver_) receiver_->refresh(now);
  for (Wave& wave : waves_) start_sending(wave, now, events);
  if (receiver_) {
    receiver_->serve(now);
    deliver_until<false>(now, events);
    find_control();
  }
}

template <typename Sink>
void Link::finish_sending(Wave& wave, Events<Sink>& events) {
  events.wave = &wave;
  wave.effects.sent(wave.transmitter.finish(), line_, wave.line, events);
}

// Takes frames off the line in order of their due time: out, or to the far end.
template <bool kOneWave, typename Sink>
void Link::deliver_until(Instant now, Events<Sink>& events) {
  while (true) {
    DelayLine& line = kOneWave ? waves_[0].line : next_line();
    if (line.next_event() > now) return;
    const Travelling& frame = line.front();
    if constexpr (ForesightedSink<Sink>) {
      constexpr std::size_t kAhead = 8;
      if (const Travelling* later = line.behind_front(kAhead)) events.sink.expect(later->cookie);
    }
    if (!receiver_) {
      events.deliver(frame);
    } else if (!receiver_->arrive(frame)) {
      const DropCause cause = receiver_->refusal(frame.traffic_class());
      events.drop(Events<Sink>::handed_back(frame, frame.due), cause, false);
    }
    line.pop();
  }
}

template <typename Sink>
void Link::change(Instant now, Events<Sink>& events) {
  while (agenda_.next() <= now) apply(agenda_.take(), now, events);
  if (receiver_) take_pauses(now);
  if (pauses_.next_event() <= now) {
    const unsigned storms = pauses_.expire(now);
    for (std::size_t c = 0; c < class_count_; ++c) {
      if (((storms >> c) & 1U) == 0) continue;
      ++counters_.pause.storms;
      if (((pauses_.dropping() >> c) & 1U) == 0) continue;
      for (Wave& wave : waves_) {
        events.wave = &wave;
        wave.transmitter.flush(room_, c, [&](const Waiting& frame, std::size_t traffic_class) {
          events.drop_head(frame, traffic_class, DropCause::kWatchdog, now);
        });
      }
    }
  }
  update_policies(now);
  find_control();
}

template <typename Sink>
void Link::admit(const Frame& frame, Instant at, Sink& sink) {
  Events<Sink> events{*this, sink};
  counters_.in.add(frame.size);
  const std::size_t traffic_class = class_of(frame);
  if (class_count_ > 1) counters_.classes[traffic_class].in.add(frame.size);
  Wave* wave = wave_count_ == 1 && waves_[0].up ? &waves_[0] : wave_of(frame.flow);
  if (wave == nullptr) return events.drop_waiting(frame, at, traffic_class, DropCause::kOutage);
  if (((pauses_.dropping() >> traffic_class) & 1U) != 0) {
    return events.drop_waiting(frame, at, traffic_class, DropCause::kWatchdog);
  }
  Waiting waiting = waiting_frame(frame.cookie, at, frame.size, frame.ecn, false);
  bool marks = false;
  if (background_judges_) [[unlikely]] {
    const Judgement judgement = judge_background(frame.ecn);
    if (judgement == Judgement::kDrop) {
      return events.drop_waiting(frame, at, traffic_class, DropCause::kBackground);
    }
    marks = judgement == Judgement::kMark;
  }
  Transmitter& transmitter = wave->transmitter;
  if (transmitter.starts_at_once(traffic_class, pauses_.held())) {
    if (marks) events.mark(waiting, traffic_class, MarkCause::kBackground, at);
    return transmitter.start(room_, waiting, traffic_class, at);
  }
  if (const auto cause = room_.buffer.refuses(traffic_class, frame.size, at)) {
    return events.drop_waiting(frame, at, traffic_class, *cause);
  }
  if (!policies_.empty()) {
    ClassPolicy& policy = policies_[traffic_class];
    const std::uint64_t depth = room_.buffer.class_bytes(traffic_class);
    const DequeueVerdict verdict = policy.judge_arrival(depth, frame.ecn != Ecn::kNotCapable, at);
    if (verdict.judgement == Judgement::kDrop) {
      return events.drop_waiting(frame, at, traffic_class, verdict.drop);
    }
    if (verdict.judgement == Judgement::kMark) events.mark(waiting, traffic_class, verdict.mark, at);
    if (policy.wake(at)) find_control();
  }
  if (marks && !waiting.marked()) events.mark(waiting, traffic_class, MarkCause::kBackground, at);
  room_.buffer.add(traffic_class, waiting, at);
  transmitter.enqueue(room_, traffic_class, waiting);
  start_sending(*wave, at, events);  // another class may be all that waits, and be paused
  const std::uint64_t bytes = room_.buffer.bytes();
  counters_.queue_peak_bytes = std::max(counters_.queue_peak_bytes, bytes);
  interval_peak_ = std::max(interval_peak_, bytes);
}

template <typename Sink>
void Link::apply(const Change& change, Instant now, Events<Sink>& events) {
  if (change.background) set_background(*change.background);
  if (change.rate) rate_ = *change.rate;
  if (change.rate || change.background) renew_rate(now);
  if (change.delay) delay_ = *change.delay;
  line_.delay = delay_ + background_.wait;
  if (change.buffer) room_.buffer.set_total(*change.buffer);
  if (change.blackhole) line_.blackhole = *change.blackhole;
  if (change.dark && *change.dark != line_.dark) {
    line_.dark = *change.dark;
    if (line_.dark) {
      line_.dark_since = now;
    } else if (line_.dark_since < now) {
      line_.light_since = now;
    }
  }
  for (Wave& wave : waves_) {
    if (change.new_route) wave.line.start_new_route();
    if (change.loss) wave.effects.set_loss(*change.loss);
    wave.effects.lose_next(change.burst);
  }
  if (change.member) set_member(*change.member, now, events);
  if (change.storm && receiver_) receiver_->storm(*change.storm, now);
}

template <typename Sink>
void Link::set_member(const Change::Member& member, Instant now, Events<Sink>& events) {
  if (member.index >= waves_.size() || waves_[member.index].up == member.up) return;
  Wave& wave = waves_[member.index];
  wave.up = member.up;
  waves_up_.clear();  // keeps its memory
  for (std::uint32_t w = 0; w < waves_.size(); ++w) {
    if (waves_[w].up) waves_up_.push_back(w);
  }
  if (member.up) return;
  events.wave = &wave;
  if (wave.transmitter.busy()) {
    const Waiting& lost = wave.transmitter.finish().frame;
    events.drop(Events<Sink>::handed_back(lost, now), DropCause::kOutage, false);
  }
  wave.transmitter.flush(room_, kMostClasses, [&](const Waiting& frame, std::size_t traffic_class) {
    events.drop_head(frame, traffic_class, DropCause::kOutage, now);
  });
}

}  // namespace longhaul::core
