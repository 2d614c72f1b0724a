// SPDX-License-Identifier: GPL-2.0-only
//
// What two hops over links that ns-3 drives add to a frame's due time, beside the same two hops over the
// data plane's own links: 1,400 B frames from a generator port, one way. Driven by scripts/bench.
//   inline_bench own|inline FRAMES_PER_SECOND HOLD_US    P50, P99 in us of release lateness, thousand frames
//   delivered per second, frames lost by the emulator, P50 and P99 in us of ns-3's lag, CPU seconds of ns-3's
//   thread per second
#include <fmt/format.h>
#include <ns3/simulator.h>
#include <sched.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/inline_exchange.h"
#include "nic/cpus.h"
#include "nic/port.h"
#include "nic/priority.h"
#include "tests/dataplane/generator_port.h"
#include "topologies/wide/inline_network.h"

namespace longhaul::bench {
namespace {

using test::GeneratorPort;

constexpr std::uint16_t kSize = 1'400;
constexpr std::chrono::seconds kTime(3);

// A chain of three sites, 5 ms in all; host 0 sends to host 1.
dataplane::EngineConfig two_hops(double frames_per_second) {
  core::LinkConfig link;
  link.rate = BitRate::gigabits_per_second(10);
  link.buffer = Bytes(4'000'000);
  link.delay = Duration::microseconds(2'500);
  dataplane::EngineConfig config;
  config.ports = {{"host0", "0", 0}, {"host1", "1", 2}};
  config.ports[1].mac = 0x020000000001;
  config.directions = {
      {link, {0, 0}, 0, 1}, {link, {0, 1}, 1, 0}, {link, {1, 0}, 1, 2}, {link, {1, 1}, 2, 1}};
  const std::vector<std::vector<std::uint32_t>> no_trees(3);
  config.sites = {
      {0, {{}, {0}, {0}}, no_trees}, {0, {{1}, {}, {2}}, no_trees}, {0, {{3}, {3}, {}}, no_trees}};
  config.largest_frame = Bytes(1'518);
  config.lcores = {nic::usable_cpus().back()};
  config.open_port = [frames_per_second](const nic::PortSpec& spec) {
    const auto index = static_cast<unsigned>(std::stoul(spec.device));
    return std::make_unique<GeneratorPort>(
        GeneratorPort::Config{index, 1 - index, kSize, index == 0 ? frames_per_second : -1}, spec);
  };
  return config;
}

double thread_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Simulated {
  results::LatenessHistogram lag;
  double cpu_s = 0;
};

void drive(const dataplane::EngineConfig& config, const dataplane::Engine& engine,
           const std::atomic<bool>& stop, Simulated& out) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(nic::usable_cpus().front(), &first);
  sched_setaffinity(0, sizeof first, &first);
  nic::prepare_polling_thread();
  const auto simulator = wide::PacedSimulator::install();
  {
    wide::InlineNetwork network(config, *config.inline_exchange);
    simulator->run(
        stop, [&engine] { return engine.now(); }, [&network](Instant now) { return network.poll(now); },
        network.may_lag());
    network.finish();
  }
  out = {simulator->lag(), thread_cpu_s()};
  ns3::Simulator::Destroy();
}

double us(Duration duration) {
  return duration.to_seconds() * 1e6;
}

int measure(const std::string& kind, double frames_per_second, Duration hold) {
  if (kind != "own" && kind != "inline") throw std::runtime_error("the links are own or inline");
  const nic::PriorityBoost boost;
  dataplane::EngineConfig config = two_hops(frames_per_second);
  dataplane::InlineExchange exchange(hold);
  if (kind == "inline") {
    for (dataplane::DirectionConfig& direction : config.directions) direction.is_inline = true;
    config.inline_exchange = &exchange;
  }
  dataplane::Engine engine(config);
  std::atomic<bool> stop{false};
  Simulated simulated;
  std::thread thread;
  if (kind == "inline")
    thread = std::thread(drive, std::cref(config), std::cref(engine), std::cref(stop), std::ref(simulated));
  engine.start();
  const auto end = std::chrono::steady_clock::now() + kTime;
  dataplane::Sample sample;
  while (std::chrono::steady_clock::now() < end) {
    while (engine.next_sample(sample)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  engine.stop();
  stop = true;
  if (thread.joinable()) thread.join();
  const dataplane::Sample final = engine.final_state();
  const results::LatenessHistogram lateness = engine.lateness(2);
  std::uint64_t lost = 0;
  for (const dataplane::DirectionSample& direction : final.directions)
    lost += direction.store_full + direction.handover_full;
  const double seconds = std::chrono::duration<double>(kTime).count();
  fmt::print("{:.2f} {:.2f} {:.1f} {} {:.2f} {:.2f} {:.2f}\n", us(lateness.percentile(50)),
             us(lateness.percentile(99)),
             static_cast<double>(final.directions[2].counters.out.frames) / seconds / 1e3, lost,
             us(simulated.lag.percentile(50)), us(simulated.lag.percentile(99)), simulated.cpu_s / seconds);
  return 0;
}

}  // namespace
}  // namespace longhaul::bench

int main(int count, char** values) {
  try {
    if (count != 4) throw std::runtime_error("inline_bench own|inline FRAMES_PER_SECOND HOLD_US");
    return longhaul::bench::measure(values[1], std::stod(values[2]),
                                    longhaul::Duration::microseconds(std::stol(values[3])));
  } catch (const std::exception& error) {
    fmt::print(stderr, "inline_bench: {}\n", error.what());
    return 1;
  }
}
