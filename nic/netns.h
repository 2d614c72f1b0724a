// SPDX-License-Identifier: GPL-2.0-only
//
// Named network namespaces as iproute2 keeps them (/run/netns/NAME): looking them up, working inside one, and
// ending the processes that are still inside. It does not create or delete any: lab_hosts.h and lab_clean.h
// do. The calling thread never changes its namespace; work inside one is done by a thread made for it. An
// identity is the inode number of the namespace: two namespaces alive at once never share one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

std::filesystem::path namespace_path(std::string_view name);

// True when the name is taken, be it by a namespace or by a stray file.
bool namespace_name_taken(std::string_view name);

// The namespace's identity; 0 when there is no such namespace.
std::uint64_t namespace_identity(std::string_view name);

// Opens a namespace for Command::network_namespace and run_in_namespace(); throws when there is none.
UniqueFd open_namespace(std::string_view name);

// Runs `work` to its end inside the namespace and passes on what it throws.
void run_in_namespace(int namespace_fd, const std::function<void()>& work);

struct NamespaceProcess {
  pid_t pid = 0;
  std::string program;  // its short name
};

// The processes whose main thread is in one of the namespaces, ourselves never among them.
std::vector<NamespaceProcess> processes_in(const std::vector<std::uint64_t>& identities);

// Ends those processes one by one, SIGTERM first and SIGKILL after `grace`, until none is left; returns whom
// it ended.
std::vector<NamespaceProcess> end_processes_in(const std::vector<std::uint64_t>& identities,
                                               std::chrono::milliseconds grace);

}  // namespace longhaul::nic
