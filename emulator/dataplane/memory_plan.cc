// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/memory_plan.h"

#include <algorithm>

#include "emulator/core/hook_stage.h"
#include "emulator/dataplane/frame_store.h"
#include "emulator/dataplane/inline_exchange.h"
#include "emulator/dataplane/label.h"
#include "nic/packet_pool.h"
#include "nic/port.h"

namespace longhaul::dataplane {

std::uint32_t hold_from(const EngineConfig& config) {
  constexpr std::uint32_t kLeast = 512;
  return std::max(kLeast, config.mtu / 4);
}

std::uint32_t frames_to_hold(const EngineConfig& config, std::size_t port) {
  const std::size_t lcore = config.sites[config.ports[port].site].lcore;
  std::uint64_t wanted = 0;
  for (const DirectionConfig& direction : config.directions) {
    if (config.sites[direction.from_site].lcore != lcore) continue;
    wanted += core::capacity_of(direction.link, config.largest_frame).bytes / hold_from(config);
  }
  const nic::PortSpec none{config.ports[port].device, config.mtu, 0}, some{none.device, none.mtu, 1'000};
  const std::uint64_t each = (nic::port_memory(some) - nic::port_memory(none)) / some.held;
  const std::uint64_t affordable =
      config.hold_memory.count() / config.ports.size() / std::max<std::uint64_t>(each, 1);
  constexpr std::uint64_t kMost = 1'000'000;
  return static_cast<std::uint32_t>(std::min({wanted, affordable, kMost}));
}

namespace {

core::LinkCapacity stored_inline(const EngineConfig& config, std::uint32_t direction) {
  constexpr std::uint64_t kUsual = 512;  // bytes: of the frames that come while the simulator lags
  const Bytes late = bytes_in(core::most_of(config.directions[direction].link).rate, kInlineLag);
  core::LinkCapacity capacity{late.count() / kUsual, late.count()};
  for (const std::uint32_t way : inline_ways(config, direction)) {
    const core::LinkCapacity on = core::capacity_of(config.directions[way].link, config.largest_frame);
    capacity.frames += on.frames;
    capacity.bytes += on.bytes;
  }
  return capacity;
}

}  // namespace

core::LinkCapacity stored_by(const EngineConfig& config, std::size_t d) {
  const DirectionConfig& direction = config.directions[d];
  const Bytes largest_frame = config.largest_frame;
  core::LinkCapacity capacity = direction.is_inline ? stored_inline(config, static_cast<std::uint32_t>(d))
                                                    : core::capacity_of(direction.link, largest_frame);
  for (const HookConfig& hook : direction.hooks) {
    const core::LinkCapacity held = core::held_by_hook(direction.link, hook.longest_delay, largest_frame);
    const std::uint64_t places = hook.at_ingress && hook.at_egress ? 2 : 1;
    capacity.frames += places * held.frames;
    capacity.bytes += places * held.bytes;
  }
  return {capacity.frames, capacity.bytes + capacity.frames * sizeof(Label)};
}

std::uint32_t largest_stored(Bytes largest_frame) {
  return static_cast<std::uint32_t>(largest_frame.count() + sizeof(Label));
}

std::uint16_t transfer_buffer_size(const EngineConfig& config) {
  constexpr std::uint64_t kHeadroom = 128;  // RTE_PKTMBUF_HEADROOM
  return static_cast<std::uint16_t>(config.largest_frame.count() + kHeadroom);
}

std::uint64_t transfer_memory(const EngineConfig& config) {
  return nic::pool_memory(kTransferBuffers, transfer_buffer_size(config));
}

Engine::Memory Engine::memory_needed(const EngineConfig& config) {
  constexpr std::uint64_t kPerFrame = 32;  // of a queue slot; a frame on the line takes less
  Memory memory;
  for (std::size_t p = 0; p < config.ports.size(); ++p) {
    const nic::PortSpec port{config.ports[p].device, config.mtu, frames_to_hold(config, p)};
    memory.packet_buffers += nic::port_memory(port);
    memory.rings += nic::port_memory_beside_eal(port);
  }
  if (config.lcores.size() > 1) memory.packet_buffers += transfer_memory(config);
  for (std::size_t d = 0; d < config.directions.size(); ++d) {
    const core::LinkCapacity kept = stored_by(config, d);
    memory.in_flight += FrameStore::memory_for(kept.frames, kept.bytes, largest_stored(config.largest_frame));
    memory.links += kPerFrame * kept.frames;
  }
  return memory;
}

}  // namespace longhaul::dataplane
