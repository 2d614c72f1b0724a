// SPDX-License-Identifier: GPL-2.0-only
//
// A sender with a window over a pair of links in virtual time, clocked by acknowledgements: with a fixed
// window (a queue pair's outstanding bytes), or with additive increase and multiplicative decrease as TCP
// Reno in congestion avoidance. It repeats nothing: what is lost is noticed a round trip later by the gap,
// halves the window once for all losses of one flight, and is forgotten.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "tests/core/course.h"

namespace longhaul::testing {

enum class Window : std::uint8_t { kFixed, kAimd };

class WindowSender {
 public:
  // `frames`: the window at first.
  WindowSender(const core::LinkConfig& there, const core::LinkConfig& back, Window kind, double frames,
               std::uint32_t size)
      : kind_(kind),
        size_(size),
        window_(frames),
        there_(there, kLargestFrame, {0, 0}, 1),
        back_(back, kLargestFrame, {0, 1}, 1) {}

  // Frames that arrived between two instants.
  std::uint64_t run(Instant from, Instant to) {
    counting_from_ = from;
    send(Instant{});
    for (Instant t = next_event(); t <= to; t = next_event()) {
      there_.advance(t, receiver_);
      back_.advance(t, listener_);
      send(t);
    }
    return arrived_;
  }

  core::LinkCounters counters() const { return there_.counters(); }

 private:
  struct Receiver {
    WindowSender& self;
    void deliver(const core::Frame& frame, Instant due) {
      if (due >= self.counting_from_) ++self.arrived_;
      push(self.back_, self.listener_, due, frame.cookie, 60);
    }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };
  struct Listener {
    WindowSender& self;
    void deliver(const core::Frame& frame, Instant) { self.acknowledged(frame.cookie); }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };

  Instant next_event() const { return std::min(there_.next_event(), back_.next_event()); }

  void send(Instant now) {
    while (static_cast<double>(sent_ - answered_) + 1 <= window_)
      push(there_, receiver_, now, sent_++, size_);
  }

  // Of all up to `serial`: the line keeps order, so what it skips is lost.
  void acknowledged(std::uint64_t serial) {
    const bool loss = serial > answered_;
    answered_ = serial + 1;
    if (kind_ == Window::kFixed) return;
    if (loss && serial >= recovered_at_) {
      window_ = std::max(2.0, window_ / 2);
      recovered_at_ = sent_;
    } else if (!loss) {
      window_ += 1 / window_;
    }
  }

  template <typename Sink>
  static void push(core::Link& link, Sink& sink, Instant at, std::uint64_t cookie, std::uint32_t size) {
    core::Frame frame;
    frame.cookie = cookie;
    frame.at = at;
    frame.size = size;
    link.push(std::span<const core::Frame>(&frame, 1), sink);
  }

  Window kind_;
  std::uint32_t size_;
  double window_;
  core::Link there_, back_;
  Receiver receiver_{*this};
  Listener listener_{*this};
  Instant counting_from_;
  std::uint64_t sent_ = 0, answered_ = 0, arrived_ = 0;
  std::uint64_t recovered_at_ = 0;  // losses of frames sent before this one have been paid for
};

}  // namespace longhaul::testing
