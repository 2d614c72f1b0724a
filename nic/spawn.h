// SPDX-License-Identifier: GPL-2.0-only
//
// The bare start of a process, under command.h; use that. The child shares the parent's memory until exec (as
// posix_spawn does), so a data plane with gigabytes mapped neither stalls nor takes copy-on-write faults, and
// the reason of a failure comes back without a pipe. Between clone and exec only system calls are made. Every
// descriptor above 2 is closed in the child, whether or not it was marked close-on-exec.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

struct SpawnPlan {
  const char* program = nullptr;  // full path
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  int standard[3] = {-1, -1, -1};   // what becomes descriptors 0, 1 and 2; each must be above 2
  int network_namespace = -1;       // -1: the parent's
  const cpu_set_t* cpus = nullptr;  // nullptr: the parent's
};

struct SpawnResult {
  pid_t pid = -1;  // -1 when nothing runs
  UniqueFd pidfd;
  const char* failed_step = nullptr;
  int error = 0;  // errno of the failed step
};

// Starts the plan in a session of its own with a clean signal state; the kernel kills it when the calling
// thread ends.
SpawnResult spawn(const SpawnPlan& plan);

}  // namespace longhaul::nic
