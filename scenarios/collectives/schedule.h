// SPDX-License-Identifier: GPL-2.0-only
//
// A collective as messages between ranks: who sends which bytes to whom, and what has to be over before. No
// sockets, no clocks, no data; whoever runs it brings those. Addresses and sizes are bytes of a rank's
// memory, which algorithms.h lays out.
//
// To run it: a rank sends its steps to one peer in the order of the list, each as soon as all steps in
// `after` are over for it: those that it receives when their last byte has come, those that it sends when
// their last byte has been handed on. Steps to different peers do not wait for each other. A rank is done
// when all its steps are over. The order of the list is one in which everything can be done, so that nothing
// deadlocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace longhaul::scenario::collectives {

struct Range {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

enum class Action : std::uint8_t {
  kReplace,  // the receiver takes the bytes as they are
  kReduce,   // the receiver adds them to its own
  kSignal,   // no bytes: only a word that something happened
};

struct Step {
  std::uint32_t from = 0, to = 0;  // ranks, not the same
  std::uint64_t source = 0;        // address at the sender
  std::uint64_t target = 0;        // address at the receiver
  std::uint64_t size = 0;          // bytes; 0 for a signal only
  Action action = Action::kSignal;
  std::vector<std::uint32_t> after;  // earlier steps that the sender sends or receives, ascending
};

struct Schedule {
  std::uint32_t ranks = 0;
  std::vector<Step> steps;
};

// Appends steps and works out what they have to wait for: a step waits for every step that brought bytes
// which it sends. Not for those that still read what it overwrites: algorithms are such that this cannot
// happen.
class Builder {
 public:
  // Each message is cut into `segments` that wait for each other's bytes only; at least 1. Cuts fall on
  // multiples of `element` bytes.
  Builder(std::uint32_t ranks, std::uint32_t segments, std::uint64_t element);

  // A message of bytes that have the same address at both ends; nothing when the range is empty.
  void send(std::uint32_t from, std::uint32_t to, Range range, Action action);
  // The same with an address of its own at the receiver, and steps to wait for beside those that bring bytes.
  // Returns the index of its last step. The range is not empty and not cut into segments.
  std::uint32_t send_whole(std::uint32_t from, std::uint32_t to, Range range, std::uint64_t target,
                           Action action, std::span<const std::uint32_t> after = {});
  std::uint32_t signal(std::uint32_t from, std::uint32_t to, std::span<const std::uint32_t> after);

  Schedule take() { return std::move(schedule_); }

 private:
  struct Written {
    Range range;
    std::uint32_t step;
  };
  std::uint32_t add(Step step, std::span<const std::uint32_t> after);

  std::uint32_t segments_;
  std::uint64_t element_;
  Schedule schedule_;
  std::vector<std::vector<Written>> written_;  // by rank: by which steps its memory was written
};

// Part `index` of `parts` of a range, cut on multiples of `element` from its beginning; sizes differ by one
// element at most.
Range part_of(Range range, std::uint64_t parts, std::uint64_t index, std::uint64_t element);

}  // namespace longhaul::scenario::collectives
