// SPDX-License-Identifier: GPL-2.0-only
//
// Where the root of cgroup2 (cgroups(7)) is: sock_ops programs that are attached there see the sockets of
// every process of the machine.
#pragma once

#include <filesystem>
#include <string_view>

namespace longhaul::nic {

// Where cgroup2 is mounted; empty when nowhere.
std::filesystem::path cgroup2_root();

// The same by the text of /proc/self/mounts.
std::filesystem::path cgroup2_mount(std::string_view mounts);

}  // namespace longhaul::nic
