// SPDX-License-Identifier: GPL-2.0-only
//
// The address of a Unix socket at a path, for both ends of the control socket.
#pragma once

#include <sys/un.h>

#include <filesystem>

namespace longhaul::scenario {

// Throws std::runtime_error when the path is too long for an address.
sockaddr_un unix_address(const std::filesystem::path& path);

}  // namespace longhaul::scenario
