// SPDX-License-Identifier: GPL-2.0-only
//
// What priority flow control (IEEE 802.1Qbb) over a distance follows from: how long a pause takes to act, how
// much arrives meanwhile, how long it lasts. Closed forms on link configurations. Stateless, any thread.
#pragma once

#include <cstdint>

#include "emulator/core/link_config.h"
#include "emulator/core/units.h"

namespace longhaul::topology {

// From a receiver's decision until its pause frame (64 B with FCS) has arrived over `back`, the link's other
// direction, behind one frame of the largest size. What the sender takes to obey comes on top.
Duration pause_travel(const core::LinkConfig& back, Bytes largest_frame);

// What a lossless class needs above its XOFF threshold so that nothing is lost: all that can arrive within
// the longest delay (skew and jitter included; holds, copies and later changes are not) and `pause_delay`,
// rounded up, the frame that each wave has begun to send, and the frame that crosses the threshold. In bytes
// as the rate counts them, which are no fewer than L2 bytes. Worked, 100 km at 400 Gbit/s and an MTU of
// 4,200: 2 x 490 us x 400 Gbit/s = 49,000,000 B + 3 x 4,242 B + 84 B.
Bytes headroom_needed(const core::LinkConfig& link, Duration pause_delay, Bytes largest_frame);

// How long `quanta` of 512 bit times last.
Duration pause_time(std::uint16_t quanta, BitRate rate);

// How often an XOFF in force is sent again: `refresh`, or half of the pause time when that is zero.
Duration refresh_period(const core::Pfc& pfc, BitRate rate);

}  // namespace longhaul::topology
