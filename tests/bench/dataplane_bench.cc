// SPDX-License-Identifier: GPL-2.0-only
//
// Frames per second that the real data plane carries over one link between two sites, both ways at once, fed
// as fast as it takes them by DPDK's pcap driver, which repeats a file for ever and throws away what is sent
// to it. Driven by scripts/bench, which runs dpdk-testpmd over the same ports for comparison.
//   dataplane_bench frames SIZE DIRECTORY           writes the files that are repeated: in0.pcap, in1.pcap
//   dataplane_bench link SIZE DELAY_US DIRECTORY    measures, and prints million frames per second
//   dataplane_bench device INTERFACE MTU INDEX      prints the DPDK device that longhaul uses for an
//   interface
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "nic/cpus.h"
#include "nic/port.h"
#include "nic/priority.h"

namespace longhaul::bench {
namespace {

using Arguments = std::vector<std::string>;

template <typename T>
void put(std::ofstream& file, T value) {
  file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

// Classic pcap: frames of `size` bytes from host `port` to the other one.
void write_frames(const std::filesystem::path& path, std::uint32_t size, int port) {
  constexpr int kFrames = 512;
  std::ofstream file(path, std::ios::binary);
  put<std::uint32_t>(file, 0xA1B2C3D4);
  put<std::uint32_t>(file, 0x00040002);
  put<std::uint64_t>(file, 0);
  put<std::uint32_t>(file, 65'535);
  put<std::uint32_t>(file, 1);
  std::vector<char> frame(size, 0x5A);
  const auto from = static_cast<char>(port), to = static_cast<char>(1 - port);
  const std::array<char, 14> header{2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, '\x88', '\xB5'};
  std::copy(header.begin(), header.end(), frame.begin());
  for (int i = 0; i < kFrames; ++i) {
    put<std::uint64_t>(file, 0);
    put(file, size);
    put(file, size);
    file.write(frame.data(), static_cast<std::streamsize>(frame.size()));
  }
  if (!file.flush()) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

dataplane::EngineConfig one_link(std::uint32_t size, Duration delay, const std::filesystem::path& directory) {
  // Faster than any frame size gets here, so that the loop is the limit and not the link.
  const core::LinkConfig link{BitRate::gigabits_per_second(400), core::Framing::kWire, Bytes(16 << 20), delay,
                              0};
  dataplane::EngineConfig config;
  config.sites = 2;
  for (std::size_t p = 0; p < 2; ++p) {
    const std::string device =
        fmt::format("net_pcap{0},rx_pcap={1}/in{0}.pcap,infinite_rx=1", p, directory.string());
    config.ports.push_back({fmt::format("host{}", p), device, p});
  }
  config.directions = {{link, {0, 0}, 0, 1}, {link, {0, 1}, 1, 0}};
  config.mtu = std::max(1'500u, size);
  config.largest_frame = Bytes(std::max(1'518u, size));
  config.cpu = nic::usable_cpus().back();
  return config;
}

struct Totals {
  Instant at;
  std::uint64_t out = 0, queue_full = 0, lost = 0;
};

Totals totals_of(const dataplane::Sample& sample) {
  Totals totals;
  totals.at = sample.at;
  for (const dataplane::DirectionSample& direction : sample.directions) {
    totals.out += direction.counters.out.frames;
    totals.queue_full += direction.counters.dropped_in_all().frames;
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

int measure_link(const Arguments& arguments) {
  const auto size = static_cast<std::uint32_t>(std::stoul(arguments.at(1)));
  const Duration delay = Duration::microseconds(std::stol(arguments.at(2)));
  const nic::PriorityBoost boost;
  dataplane::Engine engine(one_link(size, delay, arguments.at(3)));
  engine.start();
  // Long enough to fill the line and to go through all of the memory behind it once.
  const Totals before = observe(engine, std::chrono::milliseconds(700));
  const Totals after = observe(engine, std::chrono::milliseconds(2'000));
  engine.stop();
  const double seconds = (after.at - before.at).to_seconds();
  if (seconds <= 0 || after.out == before.out) throw std::runtime_error("no frame came through");
  fmt::print("{:.3f} {} {}\n", static_cast<double>(after.out - before.out) / seconds / 1e6,
             after.queue_full - before.queue_full, after.lost - before.lost);
  return 0;
}

int run(const Arguments& arguments) {
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "link" && arguments.size() == 4) return measure_link(arguments);
  if (what == "frames" && arguments.size() == 3) {
    for (int port = 0; port < 2; ++port) {
      write_frames(std::filesystem::path(arguments[2]) / fmt::format("in{}.pcap", port),
                   static_cast<std::uint32_t>(std::stoul(arguments[1])), port);
    }
    return 0;
  }
  if (what == "device" && arguments.size() == 4) {
    fmt::print("{}\n",
               nic::device_for_interface(arguments[1], static_cast<std::uint32_t>(std::stoul(arguments[2])),
                                         static_cast<unsigned>(std::stoul(arguments[3]))));
    return 0;
  }
  throw std::runtime_error(
      "usage: frames SIZE DIRECTORY | link SIZE DELAY_US DIRECTORY | device INTERFACE MTU INDEX");
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
