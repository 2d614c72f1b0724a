// SPDX-License-Identifier: GPL-2.0-only
//
// How busy the CPUs of the lab hosts were while something was measured: the share of their time that was not
// idle, as the kernel counts it (/proc/stat: idle and iowait against all, steal and whatever else runs there
// being work). Hosts without a CPU to spare set the pace of a collective themselves, whatever the links are.
// One thread; it judges nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace longhaul::scenario {

class HostCpus {
 public:
  // `proc` stands for /proc.
  explicit HostCpus(std::vector<unsigned> cpus, std::filesystem::path proc = "/proc");

  // Takes a reading when the last is kInterval old; times are of CLOCK_MONOTONIC and do not go back.
  void look(std::int64_t now_ns);
  // Takes the last reading, however old the one before is.
  void end(std::int64_t now_ns);

  // From 0 to 1, the mean over the CPUs, between two moments; readings are joined by straight lines. Nothing
  // when no readings lie around both, or when the kernel does not tell.
  std::optional<double> busy(std::int64_t began_ns, std::int64_t ended_ns) const;

  static constexpr std::int64_t kIntervalNs = 50'000'000;

 private:
  struct Reading {
    std::int64_t at_ns;
    double idle, all;  // ticks, of all the CPUs
  };
  std::optional<Reading> at(std::int64_t ns) const;

  std::vector<unsigned> cpus_;
  std::filesystem::path proc_;
  std::vector<Reading> readings_;
};

}  // namespace longhaul::scenario
