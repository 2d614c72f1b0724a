// SPDX-License-Identifier: GPL-2.0-only
//
// One direction of a long-haul link, with exact accounting: classes -> shared buffer -> scheduler ->
// serialiser -> line -> far end, over one wave or several, with priority flow control back from the far end
// and a timeline that changes it. Which of this a link has is in its LinkConfig.
//
// A pure object in logical time: frames go in with the time at which they came, they come out with the time
// at which they are due, and nothing depends on when or how often it is called. The DPDK loop drives it with
// the TSC, ns-3 with virtual time, a test with a variable. At one instant, in this order: last bits are sent,
// the timeline changes the link (its trace first), pauses take effect and run out, frames start to be sent,
// frames arrive. At every return: counters().conserved(). Single owner; no clock, no allocation after
// construction, O(1) per frame and stage. A held frame costs 24 B on the line and 32 B in a queue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "emulator/core/agenda.h"
#include "emulator/core/class_policy.h"
#include "emulator/core/counters.h"
#include "emulator/core/decision_log.h"
#include "emulator/core/delay_line.h"
#include "emulator/core/frame.h"
#include "emulator/core/line_effects.h"
#include "emulator/core/link_config.h"
#include "emulator/core/pause_state.h"
#include "emulator/core/random.h"
#include "emulator/core/receiver.h"
#include "emulator/core/transmitter.h"

namespace longhaul::core {

// The most that a link of this configuration can hold at once; drivers size their frame storage by it.
struct LinkCapacity {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // L2
};
// `largest_frame`: the largest that will ever be offered, in L2 bytes.
LinkCapacity capacity_of(const LinkConfig& config, Bytes largest_frame);

// The most that rate, delay and buffer can ever be: by the configuration, its timeline and its reserve.
// capacity_of() counts on it, and so no change may go beyond it.
Reserve most_of(const LinkConfig& config);

// Whether a planned change keeps within most_of(), and asks for a new route only where frames may overtake.
bool is_allowed(const Change& change, const LinkConfig& config);

// Whether the link looks at what a driver reads from frames' headers: flow, PCP, DSCP, ECN.
bool needs_headers(const LinkConfig& config);

class Link {
 public:
  // Allocates for the most that can be held. `owner` and `seed` pick the random streams.
  Link(const LinkConfig& config, Bytes largest_frame, StreamOwner owner, std::uint64_t seed);

  // Offers frames in order of arrival. What is due up to each arrival leaves through `sink` first, so a frame
  // finds the buffer as it is at its own time. An `at` before an earlier one counts as that earlier one.
  template <FrameSink Sink>
  void push(std::span<const Frame> burst, Sink&& sink) {
    for (const Frame& offered : burst) {
      const Instant at = std::max(offered.at, latest_);
      if (agenda_.waits_for_first_frame()) [[unlikely]]
        begin_at(at);
      advance(at, sink);
      admit(offered, at, sink);
    }
  }

  // Lets time pass: every frame due at or before `now` leaves through `sink`, in order of its due time.
  template <FrameSink Sink>
  void advance(Instant now, Sink&& sink);

  // Plans a change that the configuration does not know of; one that is_allowed(). It takes effect at its
  // exact instant like those of the timeline and after those of the same instant; an `at` before the link's
  // own time counts as that. False, and nothing planned, while Agenda::kMostPlanned others wait.
  bool plan(Instant at, const Change& change);
  // Changes so planned that have taken effect, those of the background not counted.
  std::uint64_t changes_made() const { return agenda_.planned_taken(); }

  // The earliest time at which a frame may leave or the link may change; Instant::never() when it holds
  // nothing and nothing is planned. Never later than the next frame that leaves.
  Instant next_event() const;

  // The latest time that the link was told; what is offered for an earlier one counts as offered then.
  Instant time() const { return latest_; }

  // As of time().
  LinkState state() const {
    return {rate_, delay_, room_.buffer.total(), line_.dark, line_.blackhole, background_};
  }
  LinkCounters counters() const;
  std::uint64_t queue_bytes() const { return room_.buffer.bytes(); }

  // L2 bytes offered to a class so far.
  std::uint64_t offered_bytes(std::size_t traffic_class) const {
    return class_count_ == 1 ? counters_.in.bytes : counters_.classes[traffic_class].in.bytes;
  }
  std::uint64_t offered_frames() const { return counters_.in.frames; }

  // Most bytes that waited at once since the last call; for time series.
  std::uint64_t take_interval_peak() {
    const std::uint64_t peak = std::max(interval_peak_, queue_bytes());
    interval_peak_ = queue_bytes();
    return peak;
  }

  // The traffic class that a frame would wait in.
  std::size_t class_of(const Frame& frame) const {
    if (frame.forced_class < class_count_) [[unlikely]]
      return frame.forced_class;
    if (key_ == ClassKey::kNone) return 0;
    return class_map_[key_ == ClassKey::kPcp ? frame.pcp & 7U : frame.dscp & 63U];
  }

  // The neighbour behind the far end sends PAUSE for these classes (bits), in quanta of 512 bit times at the
  // link's configured rate; 0 quanta: it may go on. Has no effect on a link without a far end.
  template <FrameSink Sink>
  void pause_far_end(std::uint8_t classes, const std::array<std::uint16_t, kMostClasses>& quanta, Instant at,
                     Sink&& sink) {
    at = std::max(at, latest_);
    advance(at, sink);
    if (receiver_) pause_neighbour(classes, quanta, at);
  }

  // From now on writes what happens to frames into `log`, which outlives the link; nullptr: no more.
  void log_decisions(DecisionLog* log) { log_ = log; }

 private:
  struct Wave {
    Transmitter transmitter;
    LineEffects effects;
    DelayLine line;
    std::vector<CodelState> codel;  // by class
    bool up = true;
  };
  template <typename Sink>
  struct Events;

  // The steps of an instant.
  template <typename Sink>
  void finish_sending(Wave& wave, Events<Sink>& events);
  template <bool kOneWave, typename Sink>
  bool run_waves(Instant now, Events<Sink>& events);
  template <bool kOneWave, typename Sink>
  void deliver_until(Instant now, Events<Sink>& events);
  template <typename Sink>
  void change(Instant now, Events<Sink>& events);
  template <typename Sink>
  void start_sending(Wave& wave, Instant now, Events<Sink>& events) {
    if (wave.transmitter.busy() || !wave.transmitter.waiting()) return;
    events.wave = &wave;
    wave.transmitter.serve(room_, now, pauses_.held(), events);
  }
  template <typename Sink>
  void run_instant(Instant now, Events<Sink>& events);

  template <typename Sink>
  void admit(const Frame& frame, Instant at, Sink& sink);
  template <typename Sink>
  void apply(const Change& change, Instant now, Events<Sink>& events);
  template <typename Sink>
  void set_member(const Change::Member& member, Instant now, Events<Sink>& events);

  Instant next_step() const;
  void begin_at(Instant at);
  void find_control();
  void take_pauses(Instant now);
  void update_policies(Instant now);
  BitRate rate_left() const;
  void set_background(const Background& background);
  Judgement judge_background(Ecn ecn) const;
  void renew_rate(Instant now);
  void pause_neighbour(std::uint8_t classes, const std::array<std::uint16_t, kMostClasses>& quanta,
                       Instant at);
  Wave* wave_of(std::uint32_t flow);
  // The one whose transmitter has something to do first.
  Wave& next_wave() {
    Wave* first = &waves_[0];
    for (std::size_t w = 1; w < wave_count_; ++w) {
      if (waves_[w].transmitter.next_event() < first->transmitter.next_event()) first = &waves_[w];
    }
    return *first;
  }
  // The one from which a frame arrives first.
  DelayLine& next_line() {
    DelayLine* first = &waves_[0].line;
    for (std::size_t w = 1; w < wave_count_; ++w) {
      if (waves_[w].line.next_event() < first->next_event()) first = &waves_[w].line;
    }
    return *first;
  }

  // What the configuration says.
  std::size_t wave_count_;
  ClassKey key_;
  std::array<std::uint8_t, 64> class_map_{};
  std::size_t class_count_;
  BitRate configured_rate_;
  Duration most_background_wait_;
  RandomStream background_stream_;
  std::uint16_t pause_quanta_;

  // The sender.
  WaitingRoom room_;
  std::vector<Wave> waves_;
  std::vector<std::uint32_t> waves_up_;
  std::vector<ClassPolicy> policies_;  // by class; empty when no class has one
  BitRate rate_;                       // of all waves together, at present, background included
  Background background_;
  bool background_judges_ = false;  // it loses or marks frames
  PauseState pauses_;

  Duration delay_;  // at present, without what frames wait behind the background
  LineState line_;
  std::optional<Receiver> receiver_;
  Agenda agenda_;
  Instant control_ = Instant::never();  // when something changes that is not a frame's way
  Instant latest_;                      // the link's time never goes back

  std::uint64_t interval_peak_ = 0;
  LinkCounters counters_;  // what is counted as it happens; counters() adds the rest
  DecisionLog* log_ = nullptr;
};

}  // namespace longhaul::core

#include "emulator/core/link_steps.h"
