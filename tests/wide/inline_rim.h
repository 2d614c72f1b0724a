// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of inline links share, in virtual time and without the data plane: a chain of three sites,
// frames over it, what the link core by itself makes of them, and the data plane's part of the exchange.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "emulator/core/link.h"
#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/inline_exchange.h"
#include "topologies/wide/inline_network.h"

namespace longhaul::wide::testing {

using dataplane::InlineReturn;
using dataplane::Label;

inline constexpr Bytes kLargest{1'518};
inline constexpr std::uint64_t kSeed = 7;

inline core::LinkConfig line_of(Duration delay) {
  core::LinkConfig link;
  link.rate = BitRate::gigabits_per_second(1);
  link.buffer = Bytes(60'000);
  link.delay = delay;
  return link;
}

// Everything a line may do, ECN and two classes.
inline core::LinkConfig rough(Duration delay) {
  core::LinkConfig link = line_of(delay);
  link.loss = 0.03;
  link.line.jitter.scale = Duration::microseconds(100);
  link.line.order = core::Order::kFree;
  link.line.duplicate = {0.05, Duration::microseconds(300)};
  link.line.corrupt = {0.05, 6, core::Region::kPayload, true};
  link.queues.classes.resize(2);
  link.queues.classes[1].strict = true;
  link.queues.classes[0].aqm =
      core::aqm::Red{.min = Bytes(2'000), .max = Bytes(20'000), .max_probability = 0.5};
  link.queues.key = core::ClassKey::kDscp;
  link.queues.class_of_dscp[46] = 1;
  return link;
}

// A chain of three sites: 0 - 1 - 2, link l with the directions 2 l and 2 l + 1.
inline dataplane::EngineConfig chain(const core::LinkConfig& first, const core::LinkConfig& second,
                                     dataplane::InlineExchange& exchange) {
  dataplane::EngineConfig config;
  config.largest_frame = kLargest;
  config.seed = kSeed;
  config.sites.resize(3);
  for (auto& site : config.sites) site.next_hops.resize(3), site.trees.resize(3);
  config.sites[0].next_hops = {{}, {0}, {0}};
  config.sites[1].next_hops = {{1}, {}, {2}};
  config.sites[2].next_hops = {{3}, {3}, {}};
  config.directions = {
      {first, {0, 0}, 0, 1}, {first, {0, 1}, 1, 0}, {second, {1, 0}, 1, 2}, {second, {1, 1}, 2, 1}};
  for (auto& direction : config.directions) direction.is_inline = true;
  config.inline_exchange = &exchange;
  return config;
}

struct Offered {
  core::Frame frame;  // its cookie is its index
  std::uint32_t direction = 0;
  std::uint16_t egress = 0;
};

// One instance of a frame that arrived.
struct Fate {
  std::uint64_t cookie = 0;
  std::uint32_t exit = 0;
  std::int64_t due = 0;
  bool marked = false;
  std::vector<std::uint32_t> bits = {};
  auto operator<=>(const Fate&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Fate& fate) {
  return out << "frame " << fate.cookie << " by " << fate.exit << " due " << fate.due
             << (fate.marked ? " marked" : "") << " with " << fate.bits.size() << " bits";
}

// To site 2 from site 0, some only to site 1, some only from there.
inline std::vector<Offered> traffic(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Offered> all;
  Instant at;
  for (std::size_t i = 0; i < count; ++i) {
    at = at + Duration::picoseconds(static_cast<std::int64_t>(random() % 10'000'000));
    Offered offered;
    offered.frame.cookie = i;
    offered.frame.at = at;
    offered.frame.size = 60 + static_cast<std::uint32_t>(random() % 1'440);
    offered.frame.flow = static_cast<std::uint32_t>(random());
    offered.frame.dscp = random() % 4 == 0 ? 46 : 0;
    offered.frame.ecn = random() % 2 == 0 ? core::Ecn::kCapable0 : core::Ecn::kNotCapable;
    const bool joins_late = random() % 4 == 0;
    offered.direction = joins_late ? 2 : 0;
    offered.egress = joins_late || random() % 4 != 0 ? 2 : 1;
    all.push_back(offered);
  }
  return all;
}

// The link core by itself: the first link's deliveries enter the second at their due times.
class Plain {
 public:
  Plain(const dataplane::EngineConfig& config, const std::vector<Offered>& offered) : offered_(offered) {
    for (const std::uint32_t d : {0U, 2U}) {
      const auto& direction = config.directions[d];
      links_.emplace(d, core::Link(direction.link, config.largest_frame, direction.owner, config.seed));
    }
    for (const Offered& one : offered) {
      advance(one.frame.at);
      core::Frame frame = one.frame;
      instances_.push_back({frame.cookie, 0, 0, false, {}});
      frame.cookie = instances_.size() - 1;
      push(one.direction, frame);
    }
    advance(Instant::at(Duration::seconds(10)));
  }

  std::vector<Fate> fates() {
    std::sort(fates_.begin(), fates_.end());
    return fates_;
  }
  core::LinkCounters counters(std::uint32_t direction) const { return links_.at(direction).counters(); }

 private:
  struct Sink {
    Plain& plain;
    std::uint32_t direction;
    void deliver(const core::Frame& frame, Instant due) { plain.arrived_.push_back({frame, due}); }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
      plain.instances_.push_back(Fate(plain.instances_[frame.cookie]));
      return plain.instances_.size() - 1;
    }
    void corrupt(const core::Frame& frame, std::uint64_t bit) {
      plain.instances_[frame.cookie].bits.push_back(static_cast<std::uint32_t>(bit));
    }
  };

  void push(std::uint32_t direction, const core::Frame& frame) {
    links_.at(direction).push(std::span(&frame, 1), Sink{*this, direction});
    settle(direction);
  }
  void advance(Instant until) {
    links_.at(0).advance(until, Sink{*this, 0});
    settle(0);
    links_.at(2).advance(until, Sink{*this, 2});
    settle(2);
  }
  void settle(std::uint32_t direction) {
    const auto arrived = std::exchange(arrived_, {});
    for (const auto& [frame, due] : arrived) {
      Fate& instance = instances_[frame.cookie];
      instance.marked |= frame.marked;
      const Offered& offered = offered_[instance.cookie];
      if (direction == 0 && offered.egress == 2) {
        core::Frame next = offered.frame;
        next.cookie = frame.cookie;
        next.at = due;
        if (instance.marked) next.ecn = core::Ecn::kExperienced;
        push(2, next);
      } else {
        instance.exit = direction;
        instance.due = due.ps();
        fates_.push_back(instance);
      }
    }
  }

  const std::vector<Offered>& offered_;
  std::map<std::uint32_t, core::Link> links_;
  std::vector<Fate> instances_;
  std::vector<std::pair<core::Frame, Instant>> arrived_;
  std::vector<Fate> fates_;
};

// The data plane's part, as long as it asks for nothing but that: entries in, returns out.
class Rim {
 public:
  explicit Rim(dataplane::InlineExchange& exchange) : exchange_(exchange) {}

  bool enter(const Offered& offered) {
    const core::Frame& frame = offered.frame;
    return exchange_.entries.write([&](dataplane::InlineEntry& entry) {
      entry = {frame.cookie, frame.at, offered.direction, frame.size,
               Label(0, offered.egress, 0, frame.pcp, frame.dscp, frame.ecn, frame.flow)};
    });
  }
  void entered_until(Instant at) { exchange_.entered_until = at.ps(); }

  // Takes what came back; nothing may come after its hold.
  void take(Instant now) {
    InlineReturn came;
    while (exchange_.returns.read(came)) {
      if (came.kind == InlineReturn::Kind::kState) {
        dataplane::InlineState said;
        ASSERT_TRUE(exchange_.states.read(said));
        states[said.direction] = said;
        continue;
      }
      if (came.kind != InlineReturn::Kind::kGone)
        bits_.insert(bits_.end(), came.bits.begin(), came.bits.begin() + came.bit_count);
      if (came.kind == InlineReturn::Kind::kMoreBits) continue;
      ASSERT_FALSE(ended.contains(came.cookie)) << "an instance came after the last one";
      if (came.is_last) ended[came.cookie] = true;
      if (came.kind == InlineReturn::Kind::kGone) continue;
      fates.push_back({came.cookie, came.exit, came.due.ps(), came.marked, std::exchange(bits_, {})});
      least_notice = std::min(least_notice, came.due - now);
    }
  }

  std::vector<Fate> fates;
  std::map<std::uint64_t, bool> ended;
  std::map<std::uint32_t, dataplane::InlineState> states;
  Duration least_notice = Duration::seconds(1);

 private:
  dataplane::InlineExchange& exchange_;
  std::vector<std::uint32_t> bits_;
};

// Hands all in, in steps of the data plane's clock, and takes all out.
inline void carry(InlineNetwork& network, PacedSimulator& simulator, Rim& rim,
                  const std::vector<Offered>& offered, Duration step) {
  std::size_t next = 0;
  Instant now;
  const Instant end = offered.back().frame.at + Duration::milliseconds(100);
  while (now < end) {
    now = now + step;
    for (; next < offered.size() && offered[next].frame.at <= now; ++next)
      ASSERT_TRUE(rim.enter(offered[next]));
    rim.entered_until(now);
    simulator.advance_to(network.poll(now));
    rim.take(now);
  }
  network.finish();
  rim.take(now);
}

inline core::LinkCounters counters_of(const Rim& rim, std::uint32_t direction) {
  core::LinkCounters counters = rim.states.at(direction).counters;
  counters.queue_peak_bytes = 0;  // of both sides' own looks
  return counters;
}

}  // namespace longhaul::wide::testing
