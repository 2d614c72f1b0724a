// SPDX-License-Identifier: GPL-2.0-only
//
// A sender that always has more to send, and its receiver, over a pair of links in virtual time: go-back-N
// and selective repeat as RDMA transports do them. The receiver answers what is missing with a negative
// acknowledgement that travels back over the reverse link; there is no window, no time-out and no
// acknowledgement of what came. Efficiency is the closed forms' term: useful frames per frame time.
//
// Go-back-N: the first frame out of sequence is answered once, and the sender starts again from the missing
// one. Selective repeat: each missing transmission is answered, and only that frame is sent again.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "tests/core/course.h"

namespace longhaul::testing {

enum class Repeat : std::uint8_t { kGoBackN, kSelective };

struct ArqResult {
  std::uint64_t sent = 0;      // transmissions
  std::uint64_t useful = 0;    // frames that the receiver could use, each once
  std::uint64_t lost = 0;      // transmissions that the line lost
  std::uint64_t restarts = 0;  // go-back-N: how often the sender started again
  // The links never drop for another reason, so a transmission is useful, lost or repeated in vain.
  double efficiency() const { return static_cast<double>(useful) / static_cast<double>(sent); }
};

class ArqSender {
 public:
  ArqSender(const core::LinkConfig& there, const core::LinkConfig& back, Repeat repeat, std::uint32_t size,
            std::uint64_t seed)
      : repeat_(repeat),
        size_(size),
        frame_time_(serialisation_time(core::counted_size(Bytes(size), there), there.rate)),
        there_(there, kLargestFrame, {0, 0}, seed),
        back_(back, kLargestFrame, {0, 1}, seed) {}

  // Sends until `transmissions` frames went out, back to back.
  ArqResult run(std::uint64_t transmissions) {
    Instant now;
    for (; sent_ < transmissions; now = now + frame_time_) {
      for (Instant t = next_event(); t <= now; t = next_event()) {
        there_.advance(t, receiver_);
        back_.advance(t, listener_);
      }
      send_one(now);
    }
    return {sent_, useful_, lost_, epoch_};
  }

 private:
  // A transmission's cookie is its serial number; what it carries stands here from the first that may still
  // be on its way.
  struct Transmission {
    std::uint64_t sequence;
    std::uint64_t epoch;  // go-back-N: how often the sender has started again
  };

  // The sink of the forward link.
  struct Receiver {
    ArqSender& self;
    void deliver(const core::Frame& frame, Instant due) { self.receive(frame.cookie, due); }
    void drop(const core::Frame&, core::DropCause) { ++self.lost_; }
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };
  // The sink of the reverse link.
  struct Listener {
    ArqSender& self;
    void deliver(const core::Frame& frame, Instant) { self.missing(frame.cookie); }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };

  Instant next_event() const { return std::min(there_.next_event(), back_.next_event()); }

  void send_one(Instant now) {
    std::uint64_t sequence = 0;
    if (repeats_.empty()) {
      sequence = next_sequence_++;
    } else {
      sequence = repeats_.front();
      repeats_.pop_front();
    }
    transmissions_.push_back({sequence, epoch_});
    push(there_, receiver_, now, sent_++, size_);
  }

  void receive(std::uint64_t serial, Instant due) {
    if (repeat_ == Repeat::kSelective) {
      ++useful_;  // each sequence number is on its way only once
      for (; expected_ < serial; ++expected_)
        push(back_, listener_, due, transmissions_[expected_].sequence, 60);
      ++expected_;
      return;
    }
    const Transmission& came = transmissions_[serial];
    if (came.sequence == expected_) {
      ++useful_;
      ++expected_;
    } else if (came.sequence > expected_ && came.epoch >= answered_epochs_) {
      answered_epochs_ = came.epoch + 1;
      push(back_, listener_, due, expected_, 60);
    }
  }

  void missing(std::uint64_t sequence) {
    if (repeat_ == Repeat::kSelective) {
      repeats_.push_back(sequence);
    } else {
      next_sequence_ = sequence;
      ++epoch_;
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

  Repeat repeat_;
  std::uint32_t size_;
  Duration frame_time_;
  core::Link there_, back_;
  Receiver receiver_{*this};
  Listener listener_{*this};
  std::vector<Transmission> transmissions_;  // by serial number
  std::deque<std::uint64_t> repeats_;        // selective: what is to be sent again, oldest first
  std::uint64_t next_sequence_ = 0, sent_ = 0, lost_ = 0, useful_ = 0;
  std::uint64_t expected_ = 0;  // by the receiver: a sequence number, or a serial number when selective
  std::uint64_t epoch_ = 0, answered_epochs_ = 0;
};

}  // namespace longhaul::testing
