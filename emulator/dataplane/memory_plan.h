// SPDX-License-Identifier: GPL-2.0-only
//
// How much memory a data plane takes, worked out before any of it is asked for. Pure; sizes in bytes.
#pragma once

#include <cstdint>

#include "emulator/core/link.h"
#include "emulator/dataplane/engine.h"

namespace longhaul::dataplane {

// Frames from this size on are held in the buffer that they came in; smaller ones are copied: a copy of them
// costs less than the cache misses of a buffer, and they would waste most of it.
std::uint32_t hold_from(const EngineConfig& config);

// How many frames links may hold in the buffers of a port: all that the links of its lcore can hold of the
// smallest such frames, within the port's share of EngineConfig::hold_memory.
std::uint32_t frames_to_hold(const EngineConfig& config, std::size_t port);

// What the store of a direction has to have room for: everything that its link and its hooks can hold, each
// with its label. Of an inline direction: all inline links that its frames may be on, and what more enters
// while the simulator is kInlineLag behind.
core::LinkCapacity stored_by(const EngineConfig& config, std::size_t direction);
inline constexpr Duration kInlineLag = Duration::milliseconds(20);
std::uint32_t largest_stored(Bytes largest_frame);

// Packet buffers for frames on their way from lcore to lcore; the pool that has them.
inline constexpr unsigned kTransferBuffers = 16'384;
std::uint16_t transfer_buffer_size(const EngineConfig& config);
std::uint64_t transfer_memory(const EngineConfig& config);

}  // namespace longhaul::dataplane
