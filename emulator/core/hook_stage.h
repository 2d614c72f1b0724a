// SPDX-License-Identifier: GPL-2.0-only
//
// A place before or after a link where a program decides the fate of each frame: what its answers mean, in
// logical time, and exact accounting of them. Which program it is, and how it is run, is the driver's affair
// (emulator/hooks): the DPDK loop, ns-3 and a test get the same fates from the same answers.
//
// Frames go in with the time at which they meet the hook and come out at that time, or later when the answer
// says so, in order of time; at one instant those that were held first. Single owner; no clock, no allocation
// after construction, O(1) per frame.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "emulator/core/calendar.h"
#include "emulator/core/counters.h"
#include "emulator/core/frame.h"
#include "emulator/core/link.h"

namespace longhaul::core {

inline constexpr std::size_t kHookCauses = 16;  // of drops, which mean what the program says

struct HookAnswer {
  bool drop = false;  // then nothing else of the answer counts but `cause`
  std::uint8_t cause = 0;
  bool mark = false;            // congestion experienced, if it is ECN-capable
  std::optional<Ecn> ecn = {};  // the field becomes this, whatever it was; goes before `mark`
  bool duplicate = false;
  bool capture = false;
  std::optional<std::uint64_t> corrupt_bit = {};   // of the frame; modulo its length
  std::optional<std::uint8_t> traffic_class = {};  // that it waits in
  Duration delay = {};
};

// At every return from the stage, met + duplicated = passed + dropped + held, in frames and in bytes.
struct HookCounters {
  Tally met, passed, duplicated, held;
  std::array<Tally, kHookCauses> dropped{};  // by the program's own cause
  std::uint64_t marked = 0, ecn_set = 0;     // frames whose header was changed so
  std::uint64_t corrupted = 0, delayed = 0, classified = 0, captured = 0;  // frames
  std::uint64_t delays_cut = 0;  // asked for longer than the stage was made for, and held as long as that
  std::uint64_t not_held = 0;    // an emulator loss of delay, not of the frame: no room to hold it
  constexpr Tally dropped_in_all() const {
    Tally sum;
    for (const Tally& cause : dropped) sum = sum + cause;
    return sum;
  }
  constexpr bool conserved() const { return met + duplicated == passed + dropped_in_all() + held; }
  bool operator==(const HookCounters&) const = default;
};

// The driver's side. `cookie` is its name for the frame, as in core::Frame.
template <typename S>
concept HookSink = requires(S sink, std::uint64_t cookie, std::uint32_t size, Instant at,
                            std::uint8_t number) {
  { sink.judge(cookie, size, at) } -> std::convertible_to<HookAnswer>;
  sink.pass(cookie, size, at);          // goes on; the driver owns it again
  sink.drop(cookie, size, number, at);  // by cause `number`; likewise
  { sink.duplicate(cookie, size) } -> std::convertible_to<std::optional<std::uint64_t>>;
  { sink.mark(cookie) } -> std::convertible_to<bool>;  // whether it did
  { sink.set_ecn(cookie, Ecn{}) } -> std::convertible_to<bool>;
  sink.corrupt(cookie, std::uint64_t{});
  sink.set_class(cookie, number);
  sink.capture(cookie, at);
};

// The most that a hook may hold back of a link direction: what the link carries in `longest_delay`, as frames
// of the size that the store counts on; bounded, because small frames at a high rate would take all memory.
inline LinkCapacity held_by_hook(const LinkConfig& link, Duration longest_delay, Bytes largest_frame) {
  if (longest_delay <= Duration()) return {};
  constexpr std::uint64_t kMostFrames = std::uint64_t{1} << 20, kSmallestFrame = 64;
  const std::uint64_t bytes = bytes_in(most_of(link).rate, longest_delay).count() + largest_frame.count();
  return {std::min(bytes / kSmallestFrame + 1, kMostFrames), bytes};
}

class HookStage {
 public:
  // Holds up to `capacity` frames at once, none longer than `longest`; with none it delays none.
  HookStage(std::size_t capacity, Duration longest)
      : room_(capacity), longest_(longest), held_(capacity, longest) {}

  // A frame meets the program. Frames come in order of time; those that are held and due by then go first.
  template <HookSink Sink>
  void meet(std::uint64_t cookie, std::uint32_t size, Instant at, Sink&& sink) {
    advance(at, sink);
    at = latest_;
    counters_.met.add(size);
    const HookAnswer answer = sink.judge(cookie, size, at);
    if (answer.drop) {
      const std::uint8_t cause = answer.cause % kHookCauses;
      counters_.dropped[cause].add(size);
      return sink.drop(cookie, size, cause, at);
    }
    if (answer.ecn) {
      counters_.ecn_set += sink.set_ecn(cookie, *answer.ecn);
    } else if (answer.mark) {
      counters_.marked += sink.mark(cookie);
    }
    if (answer.corrupt_bit)
      ++counters_.corrupted, sink.corrupt(cookie, *answer.corrupt_bit % (std::uint64_t{size} * 8));
    if (answer.traffic_class) ++counters_.classified, sink.set_class(cookie, *answer.traffic_class);
    if (answer.capture) ++counters_.captured, sink.capture(cookie, at);
    const std::optional<std::uint64_t> copy = answer.duplicate ? sink.duplicate(cookie, size) : std::nullopt;
    go_on(cookie, size, answer.delay, sink);
    if (!copy) return;
    counters_.duplicated.add(size);
    go_on(*copy, size, answer.delay, sink);
  }

  // Lets time pass: what is held and due at or before `now` goes on, in order of time.
  template <HookSink Sink>
  void advance(Instant now, Sink&& sink) {
    while (held_.next_due() <= now) {
      const Travelling frame = held_.front();
      held_.pop();
      latest_ = std::max(latest_, frame.due);
      counters_.held.remove(frame.size);
      counters_.passed.add(frame.size);
      sink.pass(frame.cookie, frame.size, frame.due);
    }
    latest_ = std::max(latest_, now);
  }

  // When the next frame goes on by itself; Instant::never() when none is held.
  Instant next_event() const { return held_.next_due(); }
  const HookCounters& counters() const { return counters_; }

 private:
  template <typename Sink>
  void go_on(std::uint64_t cookie, std::uint32_t size, Duration delay, Sink& sink) {
    if (delay > longest_) ++counters_.delays_cut, delay = longest_;
    if (delay > Duration() && held_.size() == room_) ++counters_.not_held, delay = Duration();
    if (delay <= Duration()) {
      counters_.passed.add(size);
      return sink.pass(cookie, size, latest_);
    }
    ++counters_.delayed;
    counters_.held.add(size);
    held_.push({cookie, latest_ + delay, size, 0});
  }

  std::size_t room_;
  Duration longest_;
  Calendar held_;
  Instant latest_;
  HookCounters counters_;
};

}  // namespace longhaul::core
