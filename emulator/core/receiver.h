// SPDX-License-Identifier: GPL-2.0-only
//
// The far end of a link: a buffer that drains at its own rate, and the priority flow control that it speaks
// back over the distance (far_end_config.h). The pause frames on their way back are here too, until they take
// effect at the sender. Classes go in strict order.
//
// Logical time only, single owner, no allocation after construction, O(1).
#pragma once

#include <array>
#include <cstdint>

#include "emulator/core/counters.h"
#include "emulator/core/gap_sampler.h"
#include "emulator/core/link_config.h"
#include "emulator/core/pause_state.h"
#include "emulator/core/ring.h"
#include "emulator/core/transmitter.h"
#include "emulator/core/travelling.h"

namespace longhaul::core {

class Receiver {
 public:
  Receiver(const LinkConfig& config, std::uint32_t largest_frame, StreamOwner owner, std::uint64_t seed);

  // A frame reaches the far end at `frame.due`. False when there is no room for it: then it is the caller's,
  // with refusal().
  bool arrive(const Travelling& frame);
  DropCause refusal(std::size_t traffic_class) const {
    return lossless(traffic_class) ? DropCause::kHeadroomFull : DropCause::kFarQueueFull;
  }

  // When something happens here by itself: a frame has left, a pause is renewed or runs out.
  Instant next_event() const {
    return std::min({transmitter_.next_event(), next_refresh_, neighbour_.next_event()});
  }
  // The three steps of an instant: a frame whose last bit has left (nullptr: none has), what the pauses do,
  // and the next frame's start.
  const Transmitter::Sent* finish(Instant now);
  void refresh(Instant now);
  void serve(Instant now);

  // The pause frame that takes effect at the sender next.
  struct PauseFrame {
    Instant effect;
    std::uint8_t traffic_class;
    bool xoff;
  };
  Instant next_pause() const { return pauses_.empty() ? Instant::never() : pauses_.front().effect; }
  PauseFrame take_pause() {
    const PauseFrame frame = pauses_.front();
    pauses_.pop();
    return frame;
  }

  // Pauses these classes (bits) whatever is held; others as before.
  void storm(std::uint8_t classes, Instant now);
  // The neighbour behind the far end holds a class back until `until`, or no longer.
  PauseState& neighbour() { return neighbour_; }

  std::uint64_t frames() const { return room_.buffer.frames() + (transmitter_.busy() ? 1 : 0); }
  std::uint64_t bytes() const { return room_.buffer.bytes() + transmitter_.current_bytes(); }
  const PauseCounters& counters() const { return counters_; }

  // The most that can wait there.
  static Bytes capacity(const LinkConfig& config);

 private:
  bool lossless(std::size_t traffic_class) const { return ((pfc_.classes >> traffic_class) & 1U) != 0; }
  bool holds_back(std::size_t traffic_class) const { return ((off_ | storm_) >> traffic_class & 1U) != 0; }
  void send(std::size_t traffic_class, bool xoff, Instant now);
  void after_arrival(std::size_t traffic_class, Instant now);
  void after_start(std::size_t traffic_class, Instant now);
  void find_refresh();

  Pfc pfc_;
  Duration refresh_;
  WaitingRoom room_;
  Transmitter transmitter_;
  PauseState neighbour_;
  unsigned off_ = 0;    // bit c: class c is above its threshold, the sender was told
  unsigned storm_ = 0;  // bit c: class c is paused by a storm
  std::array<Instant, kMostClasses> last_xoff_{};
  Instant next_refresh_ = Instant::never();
  GapSampler lost_;
  Ring<PauseFrame> pauses_;
  PauseCounters counters_;
};

}  // namespace longhaul::core
