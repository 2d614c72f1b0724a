// SPDX-License-Identifier: GPL-2.0-only
#include "nic/netns.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

extern "C" {  // glibc 2.36 declares these without it
#include <sys/pidfd.h>
}

namespace longhaul::nic {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;  // a process may fork while we are at it
constexpr std::chrono::milliseconds kKillPatience{2000};

// The bind mount in /run/netns pins the inode, so its change time is when the namespace was made.
std::uint64_t fingerprint(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return 0;
  const auto born = static_cast<std::uint64_t>(found.st_ctim.tv_sec) * 1'000'000'000 +
                    static_cast<std::uint64_t>(found.st_ctim.tv_nsec);
  return born + std::uint64_t{found.st_ino} * 0x9e3779b97f4a7c15;
}

std::string short_name(pid_t pid) {
  std::string name;
  std::getline(std::ifstream(fmt::format("/proc/{}/comm", pid)), name);
  return name;
}

bool is_inside(pid_t pid, const std::vector<std::uint64_t>& identities) {
  const std::uint64_t identity = fingerprint(fmt::format("/proc/{}/ns/net", pid));
  return identity != 0 && std::find(identities.begin(), identities.end(), identity) != identities.end();
}

bool ended(const UniqueFd& process, Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  pollfd item{process.get(), POLLIN, 0};
  return ::poll(&item, 1, static_cast<int>(std::max<long long>(left, 0))) > 0;
}

}  // namespace

std::filesystem::path namespace_path(std::string_view name) {
  return std::filesystem::path("/run/netns") / name;
}

bool namespace_name_taken(std::string_view name) {
  struct stat found {};
  return ::lstat(namespace_path(name).c_str(), &found) == 0;
}

std::uint64_t namespace_identity(std::string_view name) {
  struct statfs system {};
  const auto path = namespace_path(name);
  return ::statfs(path.c_str(), &system) == 0 && system.f_type == NSFS_MAGIC ? fingerprint(path) : 0;
}

UniqueFd open_namespace(std::string_view name) {
  UniqueFd fd(::open(namespace_path(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd)
    throw std::runtime_error(fmt::format("cannot open network namespace {}: {}", name, std::strerror(errno)));
  return fd;
}

void run_in_namespace(int namespace_fd, const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      if (::setns(namespace_fd, CLONE_NEWNET) != 0)
        throw std::runtime_error(fmt::format("cannot enter a network namespace: {}", std::strerror(errno)));
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

std::vector<NamespaceProcess> processes_in(const std::vector<std::uint64_t>& identities) {
  std::vector<NamespaceProcess> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || *end != '\0' || pid == ::getpid()) continue;
    if (is_inside(pid, identities)) found.push_back({pid, short_name(pid)});
  }
  return found;
}

std::vector<NamespaceProcess> end_processes_in(const std::vector<std::uint64_t>& identities,
                                               std::chrono::milliseconds grace) {
  std::vector<NamespaceProcess> done;
  for (int round = 0; round < kRounds; ++round) {
    const auto found = processes_in(identities);
    if (found.empty()) break;
    std::vector<std::pair<NamespaceProcess, UniqueFd>> open;
    for (const NamespaceProcess& process : found) {
      UniqueFd fd(::pidfd_open(process.pid, 0));
      // Look again now that the pid cannot be handed to another process behind our back.
      if (fd && is_inside(process.pid, identities)) open.emplace_back(process, std::move(fd));
    }
    for (const auto& [process, fd] : open) ::pidfd_send_signal(fd.get(), SIGTERM, nullptr, 0);
    const auto patience = Clock::now() + grace;
    for (const auto& [process, fd] : open)
      if (!ended(fd, patience)) ::pidfd_send_signal(fd.get(), SIGKILL, nullptr, 0);
    const auto limit = Clock::now() + kKillPatience;
    for (const auto& [process, fd] : open)
      if (ended(fd, limit)) done.push_back(process);
  }
  return done;
}

}  // namespace longhaul::nic
