// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/engine.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memory.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

#include "emulator/core/link.h"
#include "emulator/dataplane/inline_exchange.h"
#include "emulator/dataplane/loop.h"
#include "emulator/dataplane/mbuf_tag.h"
#include "emulator/dataplane/memory_plan.h"
#include "emulator/dataplane/on_cpu.h"
#include "nic/eal.h"
#include "nic/packet_pool.h"
#include "nic/port.h"

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kDecisionSlots = 65'536;  // of a direction
// How far ahead changes are planned: longer than a loop takes to look at its orders, unless its CPU is taken
// away.
constexpr Duration kNotice = Duration::milliseconds(5);

nic::EalConfig eal_config(const EngineConfig& config) {
  nic::EalConfig eal;
  for (const PortConfig& port : config.ports) {
    if (!config.open_port && nic::is_dpdk_device(port.device)) eal.devices.push_back(port.device);
  }
  eal.data_plane_cpus = config.lcores;
  eal.memory_bytes = Engine::memory_needed(config).packet_buffers;
  return eal;
}

Ports open_ports(const EngineConfig& config) {
  Ports ports;
  for (std::size_t p = 0; p < config.ports.size(); ++p) {
    const OnCpu here(config.lcores[config.sites[config.ports[p].site].lcore]);
    const nic::PortSpec spec{config.ports[p].device, config.mtu, frames_to_hold(config, p)};
    ports.push_back(config.open_port ? config.open_port(spec) : nic::open_port(spec));
  }
  return ports;
}

std::shared_ptr<hooks::HookProgram> load_hook(const HookConfig& hook) {
  auto program = std::make_shared<hooks::HookProgram>(hook.file, hooks::MapMemory::kShared, hook.program);
  for (const auto& [variable, value] : hook.parameters) program->set_parameter(variable, value);
  return program;
}

// Directions that name the same file and parameters share its variables and maps.
Hooks load_hooks(const EngineConfig& config) {
  Hooks hooks;
  std::map<std::pair<std::string, decltype(HookConfig::parameters)>, std::shared_ptr<hooks::HookProgram>>
      loaded;
  for (std::size_t d = 0; d < config.directions.size(); ++d) {
    for (const HookConfig& hook : config.directions[d].hooks) {
      std::shared_ptr<hooks::HookProgram>& program = loaded[{hook.file, hook.parameters}];
      if (program == nullptr) program = load_hook(hook);
      for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
        if (hook.is_at(place) && program->has(place)) hooks[{d, place}] = program;
      }
    }
  }
  return hooks;
}

Sample empty_sample(const EngineConfig& config) {
  Sample sample;
  sample.directions.resize(config.directions.size());
  sample.ports.resize(config.ports.size());
  sample.lcores.resize(config.lcores.size());
  return sample;
}

LoopSample empty_loop_sample(const EngineConfig& config) {
  LoopSample sample;
  sample.directions.resize(config.directions.size());
  sample.ports.resize(config.ports.size());
  sample.lateness.resize(config.directions.size());
  return sample;
}

// 10 s at the usual interval, as long as that is not too much memory.
std::size_t sample_slots(const EngineConfig& config) {
  constexpr std::size_t kMost = 1'024, kFewest = 8, kMemory = 64 << 20;
  const std::size_t one = sizeof(LoopSample) +
                          config.directions.size() * (sizeof(DirectionSample) + sizeof(results::Lateness)) +
                          config.ports.size() * sizeof(PortCounters);
  return std::clamp(kMemory / one / config.lcores.size(), kFewest, kMost);
}

std::deque<core::DecisionLog> decision_logs(const EngineConfig& config) {
  std::deque<core::DecisionLog> logs;
  for (std::size_t d = 0; config.log_decisions && d < config.directions.size(); ++d) {
    logs.emplace_back(kDecisionSlots);
  }
  return logs;
}

nic::PacketPool transfer_pool(const EngineConfig& config) {
  if (config.lcores.size() == 1) return nullptr;
  return nic::make_packet_pool("frames between lcores", kTransferBuffers, transfer_buffer_size(config),
                               SOCKET_ID_ANY);
}

}  // namespace

// In this order because each needs those before it: ports need EAL, loops need ports.
struct Engine::Parts {
  explicit Parts(const EngineConfig& given)
      : config(given),
        eal(eal_config(config)),
        ports(open_ports(config)),
        transfer(transfer_pool(config)),
        hooks(load_hooks(config)),
        decisions(decision_logs(config)),
        latest(empty_sample(config)),
        part(empty_loop_sample(config)) {
    register_mbuf_tag();
    for (std::size_t l = 0; l < config.lcores.size(); ++l) {
      mailboxes.emplace_back(config.lcores.size(), config.directions.size(), sample_slots(config), part);
    }
    for (std::size_t l = 0; l < config.lcores.size(); ++l) {
      const OnCpu here(config.lcores[l]);  // memory comes from the node of the CPU that touches it first
      loops.emplace_back(config, l,
                         Loop::Surroundings{ports, mailboxes, decisions, hooks, transfer.get(), clock});
    }
    waiting.resize(loops.size());
  }

  std::size_t lcore_of_direction(std::size_t d) const {
    return config.sites[config.directions[d].from_site].lcore;
  }
  std::size_t lcore_of_far_end(std::size_t d) const {
    return config.sites[config.directions[d].to_site].lcore;
  }

  // Puts what an lcore published into its places.
  void merge(const LoopSample& from, std::size_t lcore, Sample& into) const {
    std::size_t mine = 0;
    for (std::size_t d = 0; d < config.directions.size(); ++d) {
      if (lcore_of_direction(d) == lcore) {
        const results::Lateness lateness = into.directions[d].lateness;
        into.directions[d] = from.directions[mine++];
        into.directions[d].lateness = lateness;
      }
      if (lcore_of_far_end(d) == lcore) into.directions[d].lateness = from.lateness[d];
    }
    mine = 0;
    for (std::size_t p = 0; p < config.ports.size(); ++p) {
      if (config.sites[config.ports[p].site].lcore == lcore) into.ports[p] = from.ports[mine++];
    }
    into.lcores[lcore] = from.loop;
    into.at = std::max(into.at, from.at);
  }

  // What is to be attached is in the mailbox; returns when the lcore uses it, and nothing else.
  void order_attachment(std::size_t direction) {
    Mailbox& mailbox = mailboxes[lcore_of_direction(direction)];
    const std::uint64_t order = mailbox.attach_orders.fetch_add(1, std::memory_order_release) + 1;
    while (running && mailbox.attach_orders_seen.load(std::memory_order_acquire) < order) {
      std::this_thread::yield();
    }
  }

  void order_capture(std::size_t direction, Capture* capture) {
    mailboxes[lcore_of_direction(direction)].captures[direction].store(capture, std::memory_order_relaxed);
    order_attachment(direction);
  }

  EngineConfig config;
  nic::Eal eal;
  Ports ports;
  nic::PacketPool transfer;
  Hooks hooks;
  std::deque<core::DecisionLog> decisions;  // by direction, or none
  TscClock clock;
  Sample latest;    // of all lcores together
  LoopSample part;  // empty
  Mailboxes mailboxes;
  std::deque<Loop> loops;
  std::vector<std::optional<LoopSample>> waiting;  // by lcore: its oldest sample not yet merged
  std::atomic<bool> stop_requested{false};         // written by the control thread, read by the lcores
  std::vector<std::uint64_t> orders_given = std::vector<std::uint64_t>(config.lcores.size());
  std::vector<std::uint64_t> changes_given = std::vector<std::uint64_t>(config.directions.size());
  bool running = false;
};

Engine::Engine(const EngineConfig& config)
    : parts_((check_inline(config), std::make_unique<Parts>(config))) {}

Engine::~Engine() {
  stop();
}

void Engine::start() {
  struct Start {
    Loop* loop;
    const std::atomic<bool>* stop;
  };
  auto run = [](void* start) {
    const std::unique_ptr<Start> given(static_cast<Start*>(start));
    given->loop->run(*given->stop);
    return 0;
  };
  parts_->clock.restart();
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) {
    auto start = std::make_unique<Start>(Start{&parts_->loops[l], &parts_->stop_requested});
    const int result = rte_eal_remote_launch(run, start.get(), nic::Eal::worker_lcore(l));
    if (result != 0)
      throw std::runtime_error(std::string("cannot start the data plane's lcore: ") + rte_strerror(-result));
    static_cast<void>(start.release());  // the lcore's now
    parts_->running = true;
  }
}

void Engine::stop() {
  if (!parts_->running) return;
  parts_->stop_requested.store(true, std::memory_order_relaxed);
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) rte_eal_wait_lcore(nic::Eal::worker_lcore(l));
  parts_->running = false;
}

// Samples of lcores are put together by their slot of time; one that an lcore had no room for is missing in
// that slot only, with what it said before in its place.
bool Engine::next_sample(Sample& sample) {
  std::uint64_t slot = ~std::uint64_t{0};
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) {
    if (!parts_->waiting[l]) {
      if (!parts_->mailboxes[l].samples.read(parts_->part)) return false;
      parts_->waiting[l] = parts_->part;
    }
    slot = std::min(slot, parts_->waiting[l]->slot);
  }
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) {
    if (parts_->waiting[l]->slot != slot) continue;
    parts_->merge(*parts_->waiting[l], l, parts_->latest);
    parts_->waiting[l].reset();
  }
  sample = parts_->latest;
  return true;
}

std::uint64_t Engine::samples_lost() const {
  std::uint64_t lost = 0;
  for (const Mailbox& mailbox : parts_->mailboxes) lost += mailbox.samples.lost();
  return lost;
}

bool Engine::next_decision(std::size_t direction, core::Decision& decision) {
  return !parts_->decisions.empty() && parts_->decisions.at(direction).read(decision);
}

std::uint64_t Engine::decisions_lost() const {
  std::uint64_t lost = 0;
  for (const core::DecisionLog& log : parts_->decisions) lost += log.lost();
  return lost;
}

std::optional<Instant> Engine::change(std::span<const PlannedChange> changes) {
  std::vector<std::uint64_t> orders = parts_->orders_given, given = parts_->changes_given;
  for (const PlannedChange& planned : changes) {
    if (!core::is_allowed(planned.change, parts_->config.directions.at(planned.direction).link)) {
      throw std::invalid_argument("a change goes beyond what its link reserved");
    }
    const DirectionConfig& direction = parts_->config.directions[planned.direction];
    if (direction.is_inline && planned.change.delay &&
        *planned.change.delay < hold_of(direction.link, parts_->config.inline_exchange->hold))
      throw std::invalid_argument("an inline link's delay cannot become shorter than its hold");
    ++orders[parts_->lcore_of_direction(planned.direction)];
    const std::uint64_t made = parts_->latest.directions[planned.direction].changes;
    if (++given[planned.direction] - made > core::Agenda::kMostPlanned) return std::nullopt;
  }
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) {
    const std::uint64_t taken = parts_->mailboxes[l].orders_taken.load(std::memory_order_acquire);
    if (orders[l] - taken > Mailbox::kOrders) return std::nullopt;
  }
  const Instant begin = (parts_->running ? now() : Instant()) + kNotice;
  for (const PlannedChange& planned : changes) {
    parts_->mailboxes[parts_->lcore_of_direction(planned.direction)].orders.write([&](ChangeOrder& order) {
      order = {static_cast<std::uint32_t>(planned.direction), begin + planned.after, planned.change};
    });
  }
  parts_->orders_given = std::move(orders);
  parts_->changes_given = std::move(given);
  return begin;
}

void Engine::start_capture(std::size_t direction, Capture& capture) {
  if (parts_->config.directions.at(direction).is_inline) {
    throw std::runtime_error(
        "cannot capture on an inline link: its frames are in ns-3; say `pcap: true` in the scenario's "
        "coupling");
  }
  parts_->order_capture(direction, &capture);
}

void Engine::stop_capture(std::size_t direction) {
  parts_->order_capture(direction, nullptr);
}

std::vector<HookedPlace> Engine::swap_hook(std::span<const std::size_t> directions, const HookConfig& hook) {
  const std::shared_ptr<hooks::HookProgram> program = load_hook(hook);
  std::vector<HookedPlace> places;
  for (const std::size_t direction : directions) {
    for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
      const HookedPlace there{direction, place};
      if (hook.is_at(place) && program->has(place) && parts_->hooks.contains(there)) places.push_back(there);
    }
  }
  if (places.empty()) {
    throw std::runtime_error(fmt::format(
        "cannot swap in hook {}: the link had no hook from the start in a place that it has a program "
        "for; name one in its topology, `pass` will do",
        hook.program));
  }
  for (const auto& [direction, place] : places) {
    parts_->mailboxes[parts_->lcore_of_direction(direction)].programs[direction][place].store(
        program.get(), std::memory_order_relaxed);
  }
  for (const std::size_t direction : directions) parts_->order_attachment(direction);
  for (const HookedPlace& place : places) parts_->hooks[place] = program;
  return places;
}

Instant Engine::now() const {
  return parts_->clock.now();
}

std::int64_t Engine::epoch_ns() const {
  return parts_->clock.epoch_ns();
}

Engine::DriverStatistics Engine::driver_statistics(std::size_t port) const {
  const nic::PortStatistics statistics = parts_->ports.at(port)->statistics();
  return {statistics.rx_frames, statistics.tx_frames, statistics.losses, statistics.gone,
          statistics.steering};
}

Sample Engine::final_state() const {
  Sample sample = parts_->latest;
  for (std::size_t l = 0; l < parts_->loops.size(); ++l) {
    LoopSample part = parts_->part;
    parts_->loops[l].fill(part, parts_->clock.now());
    parts_->merge(part, l, sample);
  }
  return sample;
}

results::LatenessHistogram Engine::lateness(std::size_t direction) const {
  return parts_->loops[parts_->lcore_of_far_end(direction)].lateness(direction);
}

results::LatenessHistogram Engine::background_age() const {
  results::LatenessHistogram all;
  for (const Loop& loop : parts_->loops) all.merge(loop.background_age());
  return all;
}

SwitchCounters Engine::switch_counters(std::size_t site) const {
  return parts_->loops[parts_->config.sites.at(site).lcore].switch_counters(site);
}

std::vector<LoopStatistics> Engine::loop_statistics() const {
  return final_state().lcores;
}

const std::string& Engine::memory_kind() const {
  return parts_->eal.memory_kind();
}

}  // namespace longhaul::dataplane
