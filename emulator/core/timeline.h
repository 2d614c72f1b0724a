// SPDX-License-Identifier: GPL-2.0-only
//
// How a link changes over time, as plain data: single changes, repeated ones, and traces. Every change takes
// effect at its exact instant; a frame that is being sent then is re-timed, not restarted.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "emulator/core/background.h"
#include "emulator/core/units.h"

namespace longhaul::core {

// What changes at an instant. Whatever is not given stays as it is.
struct Change {
  std::optional<BitRate> rate = {};    // of the whole link; zero: the serialiser stands still and frames wait
  std::optional<Duration> delay = {};  // the constant part of the propagation delay
  // With a change of delay: what is sent from now on takes another route and may overtake what was sent
  // before.
  bool new_route = false;
  std::optional<double> loss = {};   // from now on Bernoulli with this probability, in place of the model
  std::optional<Bytes> buffer = {};  // all that may wait from now on; what waits already stays
  // true: the line is dark, a frame of which any part is sent then is lost, frames that are on the line
  // arrive, the sender does not notice and goes on. false: light again.
  std::optional<bool> dark = {};
  std::optional<bool> blackhole = {};  // true: every frame is lost at the end of sending
  std::uint64_t burst = 0;             // so many of the next frames of each wave are lost
  // A member of the waves goes down: what waits for it and what it is sending is lost, its flows go to the
  // others. Or it comes back.
  struct Member {
    std::uint32_t index = 0;
    bool up = false;
    bool operator==(const Member&) const = default;
  };
  std::optional<Member> member = {};
  std::optional<std::uint8_t> storm =
      {};  // the far end pauses these classes (bits) whatever it holds; 0: ends
  std::optional<Background> background = {};  // in place of the one before

  bool operator==(const Change&) const = default;
};

enum class Origin : std::uint8_t {
  kStart,       // the driver's time zero
  kFirstFrame,  // when the first frame was offered to this direction of the link
};

struct Event {
  Duration at;              // after `origin`
  Duration period;          // zero: once
  std::uint64_t times = 1;  // with a period: how often; 0: for ever
  Origin origin = Origin::kStart;
  Change change;
  bool operator==(const Event&) const = default;
};

// A recorded course of a link. Rows ascend strictly in time.
struct Trace {
  struct Row {
    Duration at;
    Change change;
    bool operator==(const Row&) const = default;
  };
  std::vector<Row> rows;
  Duration period;  // it starts again then; longer than the last row's time. Zero: the last row holds.
  Origin origin = Origin::kStart;
  bool operator==(const Trace&) const = default;
};

// Changes of the same instant take effect in this order: the trace's, then events in the order of the list.
struct Timeline {
  std::vector<Event> events;
  Trace trace;
  bool operator==(const Timeline&) const = default;
};

}  // namespace longhaul::core
