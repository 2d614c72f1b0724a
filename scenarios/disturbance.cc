// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/disturbance.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "nic/machine.h"

namespace longhaul::scenario {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> find_threads(const fs::path& tasks, std::size_t lcores) {
  std::vector<fs::path> threads(lcores);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(tasks, error)) {
    const std::string name = nic::first_line_of(entry.path() / "comm").value_or("");
    for (std::size_t l = 0; l < lcores; ++l) {
      if (name.ends_with(fmt::format("-worker-{}", l + 1))) threads[l] = entry.path();
    }
  }
  return threads;
}

template <typename Figure>
std::optional<Figure> difference(const std::optional<Figure>& first, const std::optional<Figure>& last) {
  return first && last ? std::optional(*last - std::min(*first, *last)) : std::nullopt;
}

}  // namespace

Disturbance::Disturbance(std::vector<unsigned> cpus, fs::path proc)
    : cpus_(std::move(cpus)),
      proc_(std::move(proc)),
      threads_(find_threads(proc_ / "self/task", cpus_.size())) {
  busy_.resize(cpus_.size());
  first_ = last_ = read();
}

std::vector<Disturbance::Reading> Disturbance::read() const {
  const double ms_per_tick = 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::vector<Reading> readings(cpus_.size());
  for (std::size_t l = 0; l < cpus_.size(); ++l) {
    Reading& reading = readings[l];
    // user nice system idle iowait irq softirq steal
    std::istringstream ticks(nic::field_of(proc_ / "stat", fmt::format("cpu{}", cpus_[l])).value_or(""));
    double others = 0, irq = 0, softirq = 0, steal = 0;
    if (ticks >> others >> others >> others >> others >> others >> irq >> softirq >> steal) {
      reading.irq_ms = irq * ms_per_tick;
      reading.softirq_ms = softirq * ms_per_tick;
      reading.steal_ms = steal * ms_per_tick;
    }
    if (threads_[l].empty()) continue;
    // ns on the CPU, ns ready without it, times that it got it
    std::istringstream times(nic::first_line_of(threads_[l] / "schedstat").value_or(""));
    double ran_ns = 0, waited_ns = 0;
    if (times >> ran_ns >> waited_ns) reading.run_delay_ms = waited_ns / 1e6;
    std::istringstream switches(
        nic::field_of(threads_[l] / "status", "nonvoluntary_ctxt_switches").value_or(""));
    std::uint64_t count = 0;
    if (switches >> count) reading.involuntary_switches = count;
  }
  return readings;
}

void Disturbance::add(const dataplane::Sample& sample) {
  constexpr Duration kWindow = Duration::seconds(1);
  elapsed_ = sample.at.since_zero();
  for (std::size_t l = 0; l < std::min(busy_.size(), sample.lcores.size()); ++l) {
    Busy& busy = busy_[l];
    const Duration passed = sample.at - busy.since;
    if (passed < kWindow) continue;
    const Duration worked = sample.lcores[l].worked - busy.worked;
    busy = {sample.at, sample.lcores[l].worked,
            std::max(busy.most, worked.to_seconds() / passed.to_seconds())};
  }
}

void Disturbance::end() {
  last_ = read();
}

void Disturbance::fill(std::vector<results::LoopResult>& loops) const {
  for (std::size_t l = 0; l < std::min(loops.size(), cpus_.size()); ++l) {
    results::LoopResult& loop = loops[l];
    loop.elapsed_ms = elapsed_.to_seconds() * 1e3;
    loop.busiest = busy_[l].most;
    loop.steal_ms = difference(first_[l].steal_ms, last_[l].steal_ms);
    loop.softirq_ms = difference(first_[l].softirq_ms, last_[l].softirq_ms);
    loop.irq_ms = difference(first_[l].irq_ms, last_[l].irq_ms);
    loop.run_delay_ms = difference(first_[l].run_delay_ms, last_[l].run_delay_ms);
    loop.involuntary_switches = difference(first_[l].involuntary_switches, last_[l].involuntary_switches);
  }
}

}  // namespace longhaul::scenario
