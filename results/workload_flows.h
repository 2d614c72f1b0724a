// SPDX-License-Identifier: GPL-2.0-only
//
// What became of the flows of a simulated workload that names flows, and of background traffic that was sent
// as frames: workload_flows.json (results/schemas/workload_flows.schema.json) and their table. Plain data and
// text; prints nothing itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/core/counters.h"

namespace longhaul::results {

struct WorkloadFlow {
  std::string background = {};  // its name, when it is one; between sites
  std::string from, to;         // hosts, or sites
  std::string kind;             // "constant", "poisson", "on-off", "flows", "incast"; "tcp"
  double start_s = 0;           // as the scenario has it

  // Of frames of its own, sent one way: L2 bytes. What did not come in the end was lost.
  struct Frames {
    core::Tally sent, received;  // each frame once
    std::uint64_t copies = 0;    // that came beside the first
    struct Delay {
      double p50_us = 0, p99_us = 0, max_us = 0;
    };
    std::optional<Delay> one_way;  // of those received; nothing when none was

    core::Tally lost() const { return {sent.frames - received.frames, sent.bytes - received.bytes}; }
  };
  // Of bytes over a TCP connection.
  struct Transfer {
    std::uint64_t bytes = 0, received = 0;  // payload: what was to be sent, and what came
    // From the start to when the last byte had come, connection set-up included; nothing when it did not end.
    std::optional<double> completion_us;
    double alone_us = 0;  // the same on an empty way, in the closed form
    std::optional<double> slowdown() const {
      if (!completion_us || alone_us <= 0) return std::nullopt;
      return *completion_us / alone_us;
    }
  };
  std::optional<Frames> frames;  // one of the two
  std::optional<Transfer> transfer;
};

// Empty of none. Of many flows the table has the first ones, and a line for all TCP flows together.
std::string workload_flows_table(const std::vector<WorkloadFlow>& flows);
std::string workload_flows_json(const std::vector<WorkloadFlow>& flows);

}  // namespace longhaul::results
