// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probe_path.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "nic/command.h"

namespace longhaul::nic {
namespace {

constexpr double kPatienceSeconds = 1.0;
constexpr double kStartSeconds = 5.0;  // for the process itself, on a machine that is busy

// ping exits with 1 when no echo came back: that is a result.
CommandResult ping(int from_namespace, const std::string& to_address, const ProbePlan& plan,
                   std::uint32_t count) {
  const double answer = 2 * plan.expected_rtt.to_seconds() + kPatienceSeconds;
  const double interval = plan.interval.to_seconds();
  const Command command{
      .argv = {"ping", "-n", "-q", "-c", fmt::format("{}", count), "-i", fmt::format("{:.3f}", interval),
               "-W", fmt::format("{:.3f}", answer), to_address},
      .environment = {"LC_ALL=C"},
      .network_namespace = from_namespace};
  const double longest = count * interval + answer + kStartSeconds;
  CommandResult result =
      run_command(command, std::chrono::milliseconds(static_cast<std::int64_t>(longest * 1000)));
  if (result.timed_out || (result.status.code != 0 && result.status.code != 1))
    throw std::runtime_error(describe_failure(command, result, "ping " + to_address));
  return result;
}

}  // namespace

PathRtt probe_path(int from_namespace, const std::string& to_address, const ProbePlan& plan) {
  if (plan.count == 0) throw std::invalid_argument("a probe needs at least one echo");
  ping(from_namespace, to_address, plan, 1);
  return parse_ping(ping(from_namespace, to_address, plan, plan.count).output);
}

PathRtt parse_ping(std::string_view output) {
  PathRtt rtt;
  const std::string text(output);
  const std::size_t heading = text.find(" ping statistics ---\n");
  const std::size_t counts = heading == std::string::npos ? heading : text.find('\n', heading) + 1;
  if (counts == std::string::npos || std::sscanf(text.c_str() + counts, "%u packets transmitted, %u received",
                                                 &rtt.sent, &rtt.received) != 2)
    throw std::runtime_error(
        "cannot read what ping printed: no line with the packets transmitted and received");
  if (rtt.received == 0) return rtt;
  const std::size_t times = text.find("rtt min/avg/max/mdev = ", counts);
  if (times == std::string::npos || std::sscanf(text.c_str() + times, "rtt min/avg/max/mdev = %lf/%lf/%lf",
                                                &rtt.min_ms, &rtt.avg_ms, &rtt.max_ms) != 3)
    throw std::runtime_error("cannot read what ping printed: no line with the round-trip times");
  return rtt;
}

}  // namespace longhaul::nic
