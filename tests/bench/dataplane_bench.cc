// SPDX-License-Identifier: GPL-2.0-only
//
// What the real data plane carries over one link between two sites, both ways at once on one lcore, fed by
// generator ports that touch no payload, as DPDK's null driver does for dpdk-testpmd beside it. Driven by
// scripts/bench.
//   dataplane_bench link SIZE DELAY_US fixed|whole       million frames per second of CPU time, part of them
//   held,
//                                                        frames dropped by the link, frames lost by the
//                                                        emulator
//   dataplane_bench overload SIZE DELAY_US fixed|whole   a line for each offered load: that load as part of
//   what it
//                                                        carries at most, and output as part of its peak
//   dataplane_bench lateness FRAMES_PER_SECOND           P50, P99 and P99.9 in us of a loop that only reads
//   the clock,
//                                                        then of frames that the data plane released, in one
//                                                        run
//   dataplane_bench device INTERFACE MTU INDEX af_packet|af_xdp    DPDK's device for an interface, as
//   longhaul names it
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/on_cpu.h"
#include "emulator/dataplane/tsc_clock.h"
#include "nic/cpus.h"
#include "nic/port.h"
#include "nic/priority.h"
#include "tests/bench/chains.h"
#include "tests/dataplane/generator_port.h"

namespace longhaul::bench {
namespace {

using Arguments = std::vector<std::string>;
using test::GeneratorPort;

struct Bench {
  std::array<GeneratorPort*, 2> ports{};
  std::unique_ptr<dataplane::Engine> engine;
};

Bench one_link(std::uint16_t size, Duration delay, const std::string& chain, double frames_per_second) {
  Bench bench;
  dataplane::EngineConfig config;
  if (chain != "fixed" && chain != "whole") throw std::runtime_error("the chain is fixed or whole");
  core::LinkConfig link = chain == "whole" ? whole_chain() : fixed_chain();
  link.delay = delay;
  for (std::size_t p = 0; p < 2; ++p)
    config.ports.push_back({fmt::format("host{}", p), std::to_string(p), p});
  config.directions = {{link, {0, 0}, 0, 1}, {link, {0, 1}, 1, 0}};
  config.sites = {{0, {{}, {0}}, {{0}, {}}}, {0, {{1}, {}}, {{}, {1}}}};
  config.mtu = std::max(1'500u, size - 14u);
  config.largest_frame = Bytes(config.mtu + 18);
  config.lcores = {nic::usable_cpus().back()};
  config.hold_memory = Bytes(std::uint64_t{3} << 30);
  config.open_port = [&](const nic::PortSpec& spec) {
    const auto index = static_cast<unsigned>(std::stoul(spec.device));
    auto port = std::make_unique<GeneratorPort>(
        GeneratorPort::Config{index, 1 - index, size, frames_per_second}, spec);
    bench.ports[index] = port.get();
    return port;
  };
  bench.engine = std::make_unique<dataplane::Engine>(config);
  return bench;
}

struct Totals {
  Instant at;
  Duration cpu_time;
  std::uint64_t out = 0, held = 0, entered = 0, dropped = 0, lost = 0;
};

Totals totals_of(const dataplane::Sample& sample) {
  Totals totals;
  totals.at = sample.at;
  totals.cpu_time = sample.lcores[0].cpu_time;
  for (const dataplane::DirectionSample& direction : sample.directions) {
    totals.out += direction.counters.out.frames;
    totals.entered += direction.counters.in.frames;
    totals.held += direction.held_frames;
    totals.dropped += direction.counters.dropped_in_all().frames;
    totals.lost += direction.store_full;
  }
  for (const dataplane::PortCounters& port : sample.ports) {
    totals.lost += port.losses.tx_refused + port.losses.no_buffer + port.losses.oversized;
  }
  return totals;
}

// Takes samples for `time` and returns what the newest one says.
Totals observe(dataplane::Engine& engine, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  dataplane::Sample sample;
  Totals newest;
  while (std::chrono::steady_clock::now() < end) {
    while (engine.next_sample(sample)) newest = totals_of(sample);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return newest;
}

// Frames per second of the lcore's CPU time: other processes of the machine take time away, but not from
// this.
double rate_between(const Totals& before, const Totals& after) {
  const double seconds = (after.cpu_time - before.cpu_time).to_seconds();
  if (seconds <= 0 || after.out == before.out) throw std::runtime_error("no frame came through");
  return static_cast<double>(after.out - before.out) / seconds;
}

int measure_link(const Arguments& arguments) {
  const nic::PriorityBoost boost;
  const Bench bench = one_link(static_cast<std::uint16_t>(std::stoul(arguments.at(1))),
                               Duration::microseconds(std::stol(arguments.at(2))), arguments.at(3), 0);
  bench.engine->start();
  // Long enough to fill the line and to go through all of the memory behind it once.
  const Totals before = observe(*bench.engine, std::chrono::milliseconds(700));
  const Totals after = observe(*bench.engine, std::chrono::milliseconds(2'000));
  bench.engine->stop();
  fmt::print(
      "{:.3f} {:.2f} {} {}\n", rate_between(before, after) / 1e6,
      static_cast<double>(after.held - before.held) / static_cast<double>(after.entered - before.entered),
      after.dropped - before.dropped, after.lost - before.lost);
  return 0;
}

int measure_overload(const Arguments& arguments) {
  const nic::PriorityBoost boost;
  const Bench bench = one_link(static_cast<std::uint16_t>(std::stoul(arguments.at(1))),
                               Duration::microseconds(std::stol(arguments.at(2))), arguments.at(3), 0);
  bench.engine->start();
  const Totals start = observe(*bench.engine, std::chrono::milliseconds(700));
  const double most = rate_between(start, observe(*bench.engine, std::chrono::milliseconds(1'000)));
  std::vector<std::pair<double, double>> loads;
  for (const double load : {0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0}) {
    for (GeneratorPort* port : bench.ports) port->set_rate(load * most / 2);
    const Totals before = observe(*bench.engine, std::chrono::milliseconds(300));
    loads.emplace_back(load, rate_between(before, observe(*bench.engine, std::chrono::milliseconds(700))));
  }
  bench.engine->stop();
  double peak = 0;
  for (const auto& [load, rate] : loads) peak = std::max(peak, rate);
  for (const auto& [load, rate] : loads) fmt::print("{:.2f} {:.3f}\n", load, rate / peak);
  return 0;
}

void print_lateness(const char* what, const results::LatenessHistogram& lateness) {
  fmt::print("{} {:.2f} {:.2f} {:.2f}\n", what, lateness.percentile(50).to_seconds() * 1e6,
             lateness.percentile(99).to_seconds() * 1e6, lateness.percentile(99.9).to_seconds() * 1e6);
}

// A loop with nothing to do but to notice that a time has come.
results::LatenessHistogram empty_loop(double events_per_second, Duration time) {
  const dataplane::OnCpu here(nic::usable_cpus().back());
  const dataplane::TscClock clock;
  const Duration spacing = Duration::picoseconds(static_cast<std::int64_t>(1e12 / events_per_second));
  results::LatenessHistogram lateness;
  for (Instant due = clock.now() + spacing, now; now < Instant() + time; due = due + spacing) {
    while ((now = clock.now()) < due) {
    }
    lateness.record(now - due);
  }
  return lateness;
}

int measure_lateness(const Arguments& arguments) {
  const double rate = std::stod(arguments.at(1));
  const nic::PriorityBoost boost;
  const Bench bench = one_link(1'500, Duration::milliseconds(5), "fixed", rate / 2);
  std::thread([&] {
    nic::prepare_polling_thread();
    print_lateness("empty_loop", empty_loop(rate, Duration::seconds(3)));
  }).join();
  bench.engine->start();
  observe(*bench.engine, std::chrono::milliseconds(3'000));
  bench.engine->stop();
  results::LatenessHistogram lateness = bench.engine->lateness(0);
  lateness.merge(bench.engine->lateness(1));
  print_lateness("data_plane", lateness);
  return 0;
}

int run(const Arguments& arguments) {
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "link" && arguments.size() == 4) return measure_link(arguments);
  if (what == "overload" && arguments.size() == 4) return measure_overload(arguments);
  if (what == "lateness" && arguments.size() == 2) return measure_lateness(arguments);
  if (what == "device" && arguments.size() == 5) {
    const auto driver =
        arguments[4] == "af_packet" ? nic::InterfaceDriver::kAfPacket : nic::InterfaceDriver::kAfXdp;
    fmt::print("{}\n",
               nic::device_for_interface(arguments[1], static_cast<std::uint32_t>(std::stoul(arguments[2])),
                                         static_cast<unsigned>(std::stoul(arguments[3])), driver));
    return 0;
  }
  throw std::runtime_error(
      "usage: link SIZE DELAY_US fixed|whole | overload SIZE DELAY_US fixed|whole | lateness "
      "FRAMES_PER_SECOND | "
      "device INTERFACE MTU INDEX af_packet|af_xdp");
}

}  // namespace
}  // namespace longhaul::bench

int main(int argc, char** argv) {
  try {
    return longhaul::bench::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "dataplane_bench: {}\n", error.what());
    return 1;
  }
}
