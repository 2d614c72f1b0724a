// SPDX-License-Identifier: GPL-2.0-only
#include "nic/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LONGHAUL_UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define LONGHAUL_UNCHECKED
#endif

namespace longhaul::nic {
namespace {

constexpr std::size_t kStackBytes = 64 * 1024;

struct Shared {
  const SpawnPlan* plan;
  pid_t parent;
  sigset_t signals;
  const char* failed_step;
  int error;
};

LONGHAUL_UNCHECKED int fail(Shared* shared, const char* step) {
  shared->failed_step = step;
  shared->error = errno;
  _exit(127);
}

// Runs in the child, on its own stack but in the parent's memory, while the parent's thread waits.
LONGHAUL_UNCHECKED int child_main(void* argument) {
  auto* shared = static_cast<Shared*>(argument);
  const SpawnPlan& plan = *shared->plan;
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);

  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail(shared, "prctl(PR_SET_PDEATHSIG)");
  if (::getppid() != shared->parent) _exit(127);  // the parent was killed before prctl: nobody would kill us
  if (::setsid() < 0) return fail(shared, "setsid");
  if (plan.network_namespace >= 0 && ::setns(plan.network_namespace, CLONE_NEWNET) != 0)
    return fail(shared, "setns");
  if (plan.cpus != nullptr && ::sched_setaffinity(0, sizeof(cpu_set_t), plan.cpus) != 0)
    return fail(shared, "sched_setaffinity");
  for (int target = 0; target < 3; ++target)
    if (::dup2(plan.standard[target], target) < 0) return fail(shared, "dup2");
  if (::close_range(3, ~0U, 0) != 0) return fail(shared, "close_range");
  ::sigprocmask(SIG_SETMASK, &shared->signals, nullptr);
  ::execve(plan.program, plan.argv, plan.envp);
  return fail(shared, "execve");
}

}  // namespace

SpawnResult spawn(const SpawnPlan& plan) {
  SpawnResult result;
  void* stack =
      ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    result.failed_step = "mmap";
    result.error = errno;
    return result;
  }
  Shared shared{&plan, ::getpid(), {}, nullptr, 0};
  sigemptyset(&shared.signals);

  // A handler of ours that ran in the child would write to the parent's memory.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const pid_t pid = ::clone(child_main, static_cast<char*>(stack) + kStackBytes,
                            CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &shared, &pidfd);
  const int clone_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::munmap(stack, kStackBytes);

  if (pid < 0) {
    result.failed_step = "clone";
    result.error = clone_error;
    return result;
  }
  result.pidfd = UniqueFd(pidfd);
  if (shared.failed_step != nullptr) {
    ::waitpid(pid, nullptr, 0);
    result.failed_step = shared.failed_step;
    result.error = shared.error;
    return result;
  }
  result.pid = pid;
  return result;
}

}  // namespace longhaul::nic
