// SPDX-License-Identifier: GPL-2.0-only
//
// What an interface needs before all of its frames reach one AF_XDP socket. Acts on the network namespace of
// the calling thread; changes nothing that outlives the process. Each throws std::runtime_error with the
// reason.
#pragma once

#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

// Refuses an interface with several receive queues: frames of the others would pass the socket by.
void check_one_queue(const std::string& interface);

// Frames for any address come in for as long as the descriptor is open.
UniqueFd make_promiscuous(const std::string& interface);

}  // namespace longhaul::nic
