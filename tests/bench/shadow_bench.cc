// SPDX-License-Identifier: GPL-2.0-only
//
// CPU time of the shadow for a simulated second: 40 links of 10 Gbit/s, each with Poisson traffic of 1,500 B
// at 60 % and a real load of 1 Gbit/s fed back, under ns-3's simulator and its own; beside it the same frames
// at one bare core::Link, a frame each 2 us. Usage: shadow_bench [simulated seconds]
#include <fmt/format.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>
#include <time.h>

#include <cstdlib>
#include <string>

#include "topologies/load.h"
#include "topologies/wide/link_device.h"
#include "topologies/wide/shadow.h"

namespace longhaul {
namespace {

constexpr int kLinks = 40;

double cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

topology::Topology star() {
  std::string sites = "hub: {}", links;
  for (int i = 0; i < kLinks; ++i) {
    sites += fmt::format(", s{}: {{}}", i);
    links +=
        fmt::format("  l{0}: {{ between: [s{0}, hub], delay: 5 ms, rate: 10 Gbit/s, buffer: 5 ms }}\n", i);
  }
  return topology::load_text(
      fmt::format("name: star\nsites: {{ {} }}\nhosts: {{ h: {{ site: hub }} }}\nlinks:\n{}", sites, links),
      "star.yaml");
}

// What real frames of 1 Gbit/s bring, told once in each millisecond.
struct RealHosts {
  dataplane::BackgroundBoard& board;
  dataplane::RealLoad load;

  void tell() {
    load.offered[0] += 125'000;
    load.frames += 83;
    for (std::size_t link = 0; link < kLinks; ++link) board.tell_load(2 * link, load);
    ns3::Simulator::Schedule(ns3::MilliSeconds(1), &RealHosts::tell, this);
  }
};

void shadow(std::uint32_t k, int seconds) {
  const topology::Topology topology = star();
  std::vector<traffic::Background> backgrounds;
  for (std::size_t i = 0; i < kLinks; ++i) {
    traffic::Background one;
    one.name = fmt::format("b{}", i);
    one.from = i + 1;
    one.to = 0;
    one.source.kind = traffic::Poisson{BitRate::gigabits_per_second(6)};
    backgrounds.push_back(one);
  }
  dataplane::BackgroundBoard board(2 * kLinks);
  wide::ShadowOptions options;
  options.slow_down = k;
  wide::Shadow shadow(topology, backgrounds, options, board);
  RealHosts hosts{board, {}};
  hosts.tell();
  ns3::Simulator::Stop(ns3::Seconds(seconds));
  const double before = cpu_s();
  ns3::Simulator::Run();
  const double cpu = cpu_s() - before;
  const wide::ShadowStatistics seen = shadow.statistics();
  ns3::Simulator::Destroy();
  fmt::print(
      "  k = {:3}  {:6.3f} CPU s a simulated second, {:5.0f} ns a frame, {:5.1f} Mframe/s; "
      "mean share left {:.3f}, wait {:.2f} us\n",
      k, cpu / seconds, cpu / static_cast<double>(seen.frames) * 1e9,
      static_cast<double>(seen.frames) / cpu * 1e-6, seen.directions[0].mean.left.share_left,
      seen.directions[0].mean.left.wait.to_seconds() * 1e6);
}

struct Nowhere {
  void deliver(const core::Frame&, Instant) {}
  void drop(const core::Frame&, core::DropCause) {}
  std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
  void corrupt(const core::Frame&, std::uint64_t) {}
};

void bare_link() {
  constexpr std::int64_t kFrames = 5'000'000;
  core::LinkConfig config = star().links[0].directions[0];
  config.delay = {};
  core::Link link(config, Bytes(1'518), {}, 1);
  const double before = cpu_s();
  for (std::int64_t i = 0; i < kFrames; ++i) {
    core::Frame frame;
    frame.at = Instant::at(Duration::microseconds(2 * i));
    frame.size = 1'500;
    link.push(std::span(&frame, 1), Nowhere{});
  }
  fmt::print("  a bare link   {:5.0f} ns a frame\n", (cpu_s() - before) / kFrames * 1e9);
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 5;
  if (seconds <= 0) return fmt::print(stderr, "shadow_bench: simulated seconds, allowed: above 0\n"), 2;
  longhaul::wide::use_picoseconds();
  for (const std::uint32_t k : {1U, 10U, 40U}) longhaul::shadow(k, k == 1 ? 1 : seconds);
  longhaul::bare_link();
}
