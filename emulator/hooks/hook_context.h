// SPDX-License-Identifier: GPL-2.0-only
//
// What a hook sees of a frame: a copy of its first bytes, and where its headers begin. Whatever the bytes
// are, nothing outside of the frame is read; a header counts when it is whole within the head and within the
// datagram that its IP header claims, options included for IP, their fixed part for TCP.
//
// IEEE 802.1Q and 802.1ad (up to two tags), RFC 791, RFC 8200 and RFC 4302 (extension headers), RFC 9293,
// RFC 768, InfiniBand specification annex A17 (RoCEv2). Pure functions for any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "emulator/hooks/hook_abi.h"

namespace longhaul::hooks {

// Sets all that a frame decides in a context, whatever was there, and clears what an answer may refer to.
// Leaves to the caller now_ns, number, queue_bytes, link, direction, place and traffic_class.
void describe_frame(lh_hook_ctx& context, std::span<const std::byte> frame, std::uint32_t flow);

}  // namespace longhaul::hooks
