// SPDX-License-Identifier: GPL-2.0-only
#include "nic/tcp_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "nic/interface.h"
#include "nic/netns.h"

namespace longhaul::nic {
namespace {

const std::string kIpv4 = "/proc/sys/net/ipv4/";
const std::string kChoice = kIpv4 + "tcp_congestion_control";
const std::string kAllowed = kIpv4 + "tcp_allowed_congestion_control";

void set(const std::string& name, const std::string& value) {
  if (const int error = write_setting(kIpv4 + name, value); error != 0)
    throw std::runtime_error(fmt::format("cannot set {} to `{}`: {}", name, value, std::strerror(error)));
}

// Keeps the least and the initial buffer as they are, lowered only where the limit demands it.
void set_buffer_limit(const std::string& name, std::uint64_t bytes) {
  if (bytes == 0) return;
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  std::uint64_t least = 0, initial = 0;
  std::istringstream(read_setting(kIpv4 + name)) >> least >> initial;
  const std::uint64_t limit = std::clamp(bytes, least, kLargest);
  set(name, fmt::format("{} {} {}", least, std::min(initial, limit), limit));
}

// Widens the root namespace's list of congestion controls for as long as it lives.
class AllowedFor {
 public:
  AllowedFor(LabState& state, const std::string& name)
      : state_(state), gate_(::open(kAllowed.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!gate_ || ::flock(gate_.get(), LOCK_EX) != 0)
      throw std::runtime_error(fmt::format("cannot lock {}: {}", kAllowed, std::strerror(errno)));
    before_ = {ResourceKind::kSetting, kAllowed, 0, read_setting(kAllowed)};
    state_.record({&before_, 1});
    if (const int error = write_setting(kAllowed, before_.previous + " " + name); error != 0) {
      state_.forget({&before_, 1});
      throw std::runtime_error(
          fmt::format("cannot allow congestion control {} in a namespace: {}", name, std::strerror(error)));
    }
  }
  AllowedFor(const AllowedFor&) = delete;
  AllowedFor& operator=(const AllowedFor&) = delete;
  ~AllowedFor() {
    if (write_setting(kAllowed, before_.previous) != 0) return;  // stays listed: clean tries again
    try {
      state_.forget({&before_, 1});
    } catch (const std::exception&) {  // stays listed: putting it back twice does no harm
    }
  }

 private:
  LabState& state_;
  UniqueFd gate_;
  Resource before_;
};

// Returns errno.
int choose(int namespace_fd, const std::string& name) {
  int error = 0;
  run_in_namespace(namespace_fd, [&] { error = write_setting(kChoice, name); });
  return error;
}

void choose_congestion_control(LabState& state, int namespace_fd, const std::string& name) {
  int error = choose(namespace_fd, name);
  if (error == EPERM) {
    const AllowedFor allowed(state, name);
    error = choose(namespace_fd, name);
  }
  if (error == ENOENT)
    throw std::runtime_error(fmt::format("congestion control `{}` is not known to this kernel; it has: {}",
                                         name, read_setting(kIpv4 + "tcp_available_congestion_control")));
  if (error != 0)
    throw std::runtime_error(fmt::format("cannot set congestion control {}: {}", name, std::strerror(error)));
}

}  // namespace

void apply_tcp_settings(LabState& state, int namespace_fd, const TcpSettings& settings) {
  if (!settings.congestion_control.empty())
    choose_congestion_control(state, namespace_fd, settings.congestion_control);
  run_in_namespace(namespace_fd, [&] {
    set_buffer_limit("tcp_rmem", settings.rmem_max);
    set_buffer_limit("tcp_wmem", settings.wmem_max);
    if (settings.ecn) set("tcp_ecn", "1");
    set("tcp_slow_start_after_idle", settings.slow_start_after_idle ? "1" : "0");
    set("tcp_no_metrics_save", settings.no_metrics_save ? "1" : "0");
  });
}

}  // namespace longhaul::nic
