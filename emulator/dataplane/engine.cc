// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/engine.h"

#include <rte_errno.h>
#include <rte_launch.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>

#include "emulator/core/link.h"
#include "emulator/dataplane/frame_store.h"
#include "emulator/dataplane/loop.h"
#include "nic/eal.h"
#include "nic/port.h"

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kDecisionSlots = 65'536;  // of a direction

nic::EalConfig eal_config(const EngineConfig& config) {
  nic::EalConfig eal;
  for (const PortConfig& port : config.ports) eal.devices.push_back(port.device);
  eal.data_plane_cpu = config.cpu;
  eal.memory_bytes = Engine::memory_needed(config).packet_buffers;
  return eal;
}

std::vector<nic::Port> open_ports(const EngineConfig& config) {
  std::vector<nic::Port> ports;
  ports.reserve(config.ports.size());
  for (const PortConfig& port : config.ports) ports.emplace_back(port.device, config.mtu);
  return ports;
}

Sample empty_sample(const EngineConfig& config) {
  Sample sample;
  sample.directions.resize(config.directions.size());
  sample.ports.resize(config.ports.size());
  return sample;
}

// 10 s at the usual interval, as long as that is not too much memory.
std::size_t sample_slots(const EngineConfig& config) {
  constexpr std::size_t kMost = 1'024, kFewest = 8, kMemory = 64 << 20;
  const std::size_t one = sizeof(Sample) + config.directions.size() * sizeof(DirectionSample) +
                          config.ports.size() * sizeof(PortCounters);
  return std::clamp(kMemory / one, kFewest, kMost);
}

std::deque<core::DecisionLog> decision_logs(const EngineConfig& config) {
  std::deque<core::DecisionLog> logs;
  for (std::size_t d = 0; config.log_decisions && d < config.directions.size(); ++d) {
    logs.emplace_back(kDecisionSlots);
  }
  return logs;
}

}  // namespace

// In this order because each needs those before it: ports need EAL, the loop needs ports.
struct Engine::Parts {
  explicit Parts(const EngineConfig& config)
      : eal(eal_config(config)),
        ports(open_ports(config)),
        samples(sample_slots(config), empty_sample(config)),
        decisions(decision_logs(config)),
        empty(empty_sample(config)),
        loop(config, ports, samples, decisions) {}

  nic::Eal eal;
  std::vector<nic::Port> ports;
  SampleQueue samples;
  std::deque<core::DecisionLog> decisions;  // by direction, or none
  Sample empty;
  Loop loop;
  std::atomic<bool> stop_requested{false};  // written by the control thread, read by the lcore
  bool running = false;
};

Engine::Engine(const EngineConfig& config) : parts_(std::make_unique<Parts>(config)) {}

Engine::~Engine() {
  stop();
}

void Engine::start() {
  auto run = [](void* parts) {
    static_cast<Parts*>(parts)->loop.run(static_cast<Parts*>(parts)->stop_requested);
    return 0;
  };
  const int result = rte_eal_remote_launch(run, parts_.get(), nic::Eal::kWorkerLcore);
  if (result != 0)
    throw std::runtime_error(std::string("cannot start the data plane's lcore: ") + rte_strerror(-result));
  parts_->running = true;
}

void Engine::stop() {
  if (!parts_->running) return;
  parts_->stop_requested.store(true, std::memory_order_relaxed);
  rte_eal_wait_lcore(nic::Eal::kWorkerLcore);
  parts_->running = false;
}

bool Engine::next_sample(Sample& sample) {
  return parts_->samples.read(sample);
}

std::uint64_t Engine::samples_lost() const {
  return parts_->samples.lost();
}

bool Engine::next_decision(std::size_t direction, core::Decision& decision) {
  return !parts_->decisions.empty() && parts_->decisions.at(direction).read(decision);
}

std::uint64_t Engine::decisions_lost() const {
  std::uint64_t lost = 0;
  for (const core::DecisionLog& log : parts_->decisions) lost += log.lost();
  return lost;
}

Engine::DriverStatistics Engine::driver_statistics(std::size_t port) const {
  const nic::PortStatistics statistics = parts_->ports.at(port).statistics();
  return {statistics.rx_frames, statistics.tx_frames, statistics.losses};
}

Sample Engine::final_state() const {
  Sample sample = parts_->empty;
  parts_->loop.fill(sample, parts_->loop.now());
  return sample;
}

const results::LatenessHistogram& Engine::lateness(std::size_t direction) const {
  return parts_->loop.lateness(direction);
}

SwitchCounters Engine::switch_counters(std::size_t site) const {
  return parts_->loop.switch_counters(site);
}

LoopStatistics Engine::loop_statistics() const {
  return parts_->loop.statistics();
}

const std::string& Engine::memory_kind() const {
  return parts_->eal.memory_kind();
}

Engine::Memory Engine::memory_needed(const EngineConfig& config) {
  Memory memory;
  memory.packet_buffers = config.ports.size() * nic::port_memory(config.mtu);
  for (const DirectionConfig& direction : config.directions) {
    const core::LinkCapacity capacity = core::capacity_of(direction.link, config.largest_frame);
    memory.in_flight += FrameStore::memory_for(capacity.frames, capacity.bytes,
                                               static_cast<std::uint32_t>(config.largest_frame.count()));
  }
  return memory;
}

}  // namespace longhaul::dataplane
