// SPDX-License-Identifier: GPL-2.0-only
//
// When the next packet of a source arrives, and how large it is: a pure process without clock or socket,
// driven by whoever wants its packets, in virtual time or by a wall clock. The same configuration, owner and
// seed give the same arrivals. Single owner; only Flows allocates, for as many flows as are under way at
// once.
//
// Scaled down by k it sends a k-th of the bytes in packets of the same size, and its own times (bursts, on
// and off, the length of flows) stay as they are: for links of a k-th of their rate.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "emulator/core/random.h"
#include "topologies/traffic/pace.h"
#include "topologies/traffic/source_config.h"

namespace longhaul::traffic {

struct Arrival {
  Instant at = Instant::never();
  std::uint32_t size = 0;  // L2 bytes
  bool operator==(const Arrival&) const = default;
};

// Constant, Poisson, OnOff.
class Stream {
 public:
  Stream(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed, std::uint32_t scale_down);
  Arrival next();

 private:
  Pace pace_;
  core::WordStream gaps_;
  double gap_;  // mean, in picoseconds
  bool random_;
  std::uint32_t packet_;
};

class FlowArrivals {
 public:
  FlowArrivals(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
               std::uint32_t scale_down);
  Arrival next();

 private:
  struct Flow {
    Instant next;
    std::uint64_t number = 0;
    std::uint64_t left = 0;  // bytes
    auto operator<=>(const Flow&) const = default;
  };
  void draw_begin();
  void begin();

  Flows flows_;
  Pace pace_;
  core::RandomStream gaps_, sizes_;
  double gap_;  // mean, in picoseconds
  std::uint32_t packet_, scale_down_;
  Instant stop_;
  Instant begins_;  // the next flow
  std::uint64_t begun_ = 0;
  std::uint64_t credit_ = 0;     // bytes that do not fill a packet yet
  std::vector<Flow> under_way_;  // a heap, the one that sends first on top
};

class IncastArrivals {
 public:
  IncastArrivals(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
                 std::uint32_t scale_down);
  Arrival next();

 private:
  Incast incast_;
  Pace pace_;
  std::uint32_t packet_, scale_down_;
  Instant at_;
  bool begun_ = false;
  std::uint64_t credit_ = 0;
  std::uint64_t left_ = 0;  // bytes of the present sender's burst
  std::uint32_t senders_left_ = 0;
};

class Source {
 public:
  Source(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
         std::uint32_t scale_down = 1);

  // The next arrival, without taking it; at never() when there is none.
  const Arrival& peek() const { return next_; }
  // Takes it. Arrivals come in order of time.
  Arrival take();

 private:
  struct Silent {
    Arrival next() { return {}; }
  };
  using Process = std::variant<Silent, Stream, FlowArrivals, IncastArrivals>;
  static Process make(const SourceConfig& config, core::StreamOwner owner, std::uint64_t seed,
                      std::uint32_t scale_down);

  Process process_;
  Arrival next_;
};

// The bytes that a source can be expected to send, without the chance of single packets: only of Constant,
// Poisson and OnOff, with the same times on and off as Source has.
class Expectation {
 public:
  // Nothing for other kinds.
  static std::optional<Expectation> of(const SourceConfig& config, core::StreamOwner owner,
                                       std::uint64_t seed);
  // From the last call on up to `to`.
  double bytes_until(Instant to) { return pace_.work_until(to) * bytes_per_work_; }

 private:
  Expectation(Pace pace, double bytes_per_work) : pace_(pace), bytes_per_work_(bytes_per_work) {}
  Pace pace_;
  double bytes_per_work_;
};

}  // namespace longhaul::traffic
