// SPDX-License-Identifier: GPL-2.0-only
//
// What threads of the data plane say to each other: frames from lcore to lcore, orders from the control
// thread to an lcore, samples the other way. Each queue has one writer and one reader, named here; nothing
// else is shared.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "emulator/core/handover_queue.h"
#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/inline_exchange.h"
#include "results/run_record.h"

struct rte_mbuf;

namespace longhaul::hooks {
class HookProgram;
}

namespace longhaul::dataplane {

// A frame that a direction of one lcore delivered to a site of another; its label is in the mbuf. Or a PAUSE
// for the far end of `direction`, which the receiving lcore owns.
struct Handover {
  rte_mbuf* mbuf = nullptr;  // the reader's from now on
  Instant due;
  std::uint32_t direction = 0;  // index in the configuration
  bool is_pause = false;
  std::uint32_t order = 0;  // the reader's: of arrival
};

// What one lcore publishes.
struct LoopSample {
  std::uint64_t slot = 0;  // of the sample interval, counted from the start; the same instant for all lcores
  Instant at;
  std::vector<DirectionSample> directions;  // that the lcore owns, ascending
  std::vector<PortCounters> ports;          // likewise
  std::vector<results::Lateness> lateness;  // by direction of the configuration, renewed each second; of
                                            // frames that this lcore sent
  LoopStatistics loop;
};

// Of one lcore, its owner.
struct Mailbox {
  Mailbox(std::size_t lcores, std::size_t directions, std::size_t sample_slots, const LoopSample& empty)
      : orders(kOrders), samples(sample_slots, empty), captures(directions), programs(directions) {
    for (std::size_t l = 0; l < lcores; ++l) handovers.emplace_back(kHandovers);
  }
  static constexpr std::size_t kOrders = 1'024, kHandovers = 8'192;

  std::deque<core::HandoverQueue<Handover>> handovers;  // from each lcore; read by the owner
  core::HandoverQueue<ChangeOrder> orders;              // written by the control thread, read by the owner
  std::atomic<std::uint64_t> orders_taken{0};           // written by the owner
  core::HandoverQueue<LoopSample> samples;              // written by the owner, read by the control thread
  // By direction: written by the control thread, read by the owner once per turn when the count has changed.
  std::vector<std::atomic<Capture*>> captures;
  std::vector<std::array<std::atomic<const hooks::HookProgram*>, 2>> programs;  // by lh_place; null: as it is
  std::atomic<std::uint64_t> attach_orders{0};
  std::atomic<std::uint64_t> attach_orders_seen{0};  // written by the owner: it uses what was ordered by then
};
using Mailboxes = std::deque<Mailbox>;

}  // namespace longhaul::dataplane
