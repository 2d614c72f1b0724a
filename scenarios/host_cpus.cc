// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/host_cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "nic/machine.h"

namespace longhaul::scenario {

HostCpus::HostCpus(std::vector<unsigned> cpus, std::filesystem::path proc)
    : cpus_(std::move(cpus)), proc_(std::move(proc)) {}

void HostCpus::look(std::int64_t now_ns) {
  if (readings_.empty() || now_ns - readings_.back().at_ns >= kIntervalNs) end(now_ns);
}

void HostCpus::end(std::int64_t now_ns) {
  Reading reading{now_ns, 0, 0};
  for (const unsigned cpu : cpus_) {
    // user nice system idle iowait irq softirq steal; what follows is part of the first two.
    std::istringstream text(nic::field_of(proc_ / "stat", fmt::format("cpu{}", cpu)).value_or(""));
    for (int i = 0; i < 8; ++i) {
      double ticks = 0;
      if (!(text >> ticks)) return;
      reading.all += ticks;
      if (i == 3 || i == 4) reading.idle += ticks;
    }
  }
  readings_.push_back(reading);
}

std::optional<HostCpus::Reading> HostCpus::at(std::int64_t ns) const {
  const auto after =
      std::lower_bound(readings_.begin(), readings_.end(), ns,
                       [](const Reading& reading, std::int64_t t) { return reading.at_ns < t; });
  if (after == readings_.end()) return std::nullopt;
  if (after->at_ns == ns) return *after;
  if (after == readings_.begin()) return std::nullopt;
  const Reading& before = *(after - 1);
  const double part =
      static_cast<double>(ns - before.at_ns) / static_cast<double>(after->at_ns - before.at_ns);
  return Reading{ns, before.idle + part * (after->idle - before.idle),
                 before.all + part * (after->all - before.all)};
}

std::optional<double> HostCpus::busy(std::int64_t began_ns, std::int64_t ended_ns) const {
  const std::optional<Reading> first = at(began_ns), last = at(ended_ns);
  if (!first || !last || last->all <= first->all) return std::nullopt;
  return std::clamp(1 - (last->idle - first->idle) / (last->all - first->all), 0.0, 1.0);
}

}  // namespace longhaul::scenario
