// SPDX-License-Identifier: GPL-2.0-only
//
// A link slowed down by k: a k-th of its rate and of every size in its queues, so that all times in it stay
// as they are while it carries a k-th of the packets. What a model of others' traffic has no use for is left
// out: the propagation (the model's own), effects on the line but loss, pauses, parallel waves (they count as
// one server), background. A pure function.
#pragma once

#include <cstdint>

#include "emulator/core/link_config.h"

namespace longhaul::wide {

// Nothing in a queue becomes smaller than `largest_frame`.
core::LinkConfig slowed_down(const core::LinkConfig& link, std::uint32_t k, Bytes largest_frame);

}  // namespace longhaul::wide
