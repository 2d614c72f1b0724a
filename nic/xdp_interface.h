// SPDX-License-Identifier: GPL-2.0-only
//
// What an interface needs before its frames reach one AF_XDP socket, whole. Acts on the network namespace of
// the calling thread; changes nothing that outlives the process. Each throws std::runtime_error with the
// reason.
#pragma once

#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

// Refuses an interface with several receive queues: frames of the others would pass the socket by.
void check_one_queue(const std::string& interface);

// Refuses an interface that takes VLAN tags off the frames it receives: an XDP program does not see them. One
// of veth never does that; there the sending end is to have `txvlan off`.
void check_tags_stay(const std::string& interface);

// Frames for any address come in for as long as the descriptor is open.
UniqueFd make_promiscuous(const std::string& interface);

}  // namespace longhaul::nic
