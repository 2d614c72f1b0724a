// SPDX-License-Identifier: GPL-2.0-only
//
// Drives core::Link through a History in bursts and steps of any size and writes down what became of each
// frame. The seed of all random tests is printed and can be set with LONGHAUL_TEST_SEED.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/core/link.h"
#include "tests/core/random_history.h"
#include "tests/core/reference_model.h"

namespace longhaul::testing {

std::uint64_t test_seed();

// What became of one frame or copy: delivered at `due`, or dropped.
struct Outcome {
  std::optional<core::DropCause> cause;
  std::int64_t due = 0;
  bool marked = false;
  std::vector<std::uint64_t> wrong_bits = {};
  bool operator==(const Outcome&) const = default;
};

// A sink that remembers everything and checks, as frames leave, what can be checked at once.
class Recorder {
 public:
  Instant now;  // set by whoever advances the link

  void deliver(const core::Frame& frame, Instant due) {
    never_early_ &= due <= now;
    in_time_order_ &= deliveries_.empty() || deliveries_.back().second <= due.ps();
    once_ &= settle(frame, {std::nullopt, due.ps(), frame.marked});
    left_at_due_ &= frame.at == due;
    deliveries_.emplace_back(frame.cookie, due.ps());
  }
  void drop(const core::Frame& frame, core::DropCause cause) {
    once_ &= settle(frame, {cause, 0, frame.marked});
  }
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) { return frame.cookie | kCopyBit; }
  void corrupt(const core::Frame& frame, std::uint64_t bit) {
    bits_in_frame_ &= bit < (std::uint64_t{frame.size} + 4) * 8;
    wrong_bits_[frame.cookie].push_back(bit);
  }

  const std::map<std::uint64_t, Outcome>& outcomes() const { return outcomes_; }
  // In the order in which they left: cookie, due.
  const std::vector<std::pair<std::uint64_t, std::int64_t>>& deliveries() const { return deliveries_; }
  void expect_sound() const {
    EXPECT_TRUE(never_early_);
    EXPECT_TRUE(in_time_order_);
    EXPECT_TRUE(once_) << "a frame left twice";
    EXPECT_TRUE(left_at_due_) << "Frame::at is not when it left";
    EXPECT_TRUE(bits_in_frame_);
  }

 private:
  bool settle(const core::Frame& frame, Outcome outcome) {
    if (const auto wrong = wrong_bits_.find(frame.cookie); wrong != wrong_bits_.end())
      outcome.wrong_bits = wrong->second;
    return outcomes_.emplace(frame.cookie, std::move(outcome)).second;
  }

  std::map<std::uint64_t, Outcome> outcomes_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> wrong_bits_;
  std::vector<std::pair<std::uint64_t, std::int64_t>> deliveries_;
  bool never_early_ = true, in_time_order_ = true, once_ = true, left_at_due_ = true, bits_in_frame_ = true;
};

struct Driven {
  Recorder recorder;
  core::LinkCounters counters;
  std::vector<core::Decision> decisions;
};

// Hands a history to a link, in order of time.
class Feeder {
 public:
  explicit Feeder(const History& history) : frames_(history.frames), pauses_(history.pauses) {}

  bool finished() const { return frame_ == frames_.size(); }
  // What comes next: a pause, or otherwise a frame.
  const NeighbourPause* pause() const { return pause_comes_before(frame_) ? &pauses_[pause_] : nullptr; }
  const core::Frame& frame() const { return frames_[frame_]; }
  Instant at() const { return pause() != nullptr ? pause()->at : frame().at; }

  // Hands over the pause that comes next, or up to `most` frames, until a pause comes.
  template <typename Sink>
  void feed(core::Link& link, std::size_t most, Sink& sink) {
    if (const NeighbourPause* next = pause()) {
      sink.now = next->at;
      ++pause_;
      link.pause_far_end(next->classes, next->quanta, next->at, sink);
      return;
    }
    const std::size_t first = frame_++;
    while (frame_ - first < most && !finished() && !pause_comes_before(frame_)) ++frame_;
    sink.now = frames_[frame_ - 1].at;
    link.push(frames_.subspan(first, frame_ - first), sink);
  }

 private:
  bool pause_comes_before(std::size_t frame) const {
    return frame < frames_.size() && pause_ < pauses_.size() && pauses_[pause_].at <= frames_[frame].at;
  }

  std::span<const core::Frame> frames_;
  std::span<const NeighbourPause> pauses_;
  std::size_t frame_ = 0, pause_ = 0;
};

// How a history is fed to a link: bursts of 1..burst frames and up to `steps` extra calls of advance()
// between.
struct Pace {
  std::size_t burst = 1;
  int steps = 0;
};

inline constexpr core::StreamOwner kOwner{3, 1};

Driven drive(const History& history, Pace pace, std::mt19937_64& random);

// Lets a link run until it holds nothing, by its own next_event(). False when it would not end.
template <typename Sink>
bool drain(core::Link& link, Sink& sink) {
  for (int turns = 0; turns < 10'000'000; ++turns) {
    if (link.counters().held.frames == 0) return true;
    sink.now = link.next_event();
    link.advance(sink.now, sink);
  }
  return false;
}

// The outcomes of chance of a run, as the reference model asks for them.
Given given_by(const std::vector<core::Decision>& decisions, const core::LineConfig& line);

// What differs between two sets of counters, in words; empty when nothing does.
std::string difference(const core::LinkCounters& link, const core::LinkCounters& model);

}  // namespace longhaul::testing
