// SPDX-License-Identifier: GPL-2.0-only
//
// What the ns-3 side costs, one figure per process:
//   wide_bench carry ours|ns3 HOPS   frames and events a CPU second, through a chain of HOPS links
//   wide_bench memory ours|ns3       bytes of memory per frame in flight
//   wide_bench build KIND [P=V]...   seconds to make, load and route a generated topology and to build it in
//   ns-3
// "ns3" is its own PointToPointNetDevice. Both get the same packets: 1,500 B without bytes of their own, at
// the rate of the links, so that each hop serialises and nothing waits for long. Prints words that
// scripts/bench reads.
#include <fmt/format.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/node.h>
#include <ns3/object-factory.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/queue-size.h>
#include <ns3/simulator.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "topologies/exchange/generate.h"
#include "topologies/load.h"
#include "topologies/routes.h"
#include "topologies/wide/link_device.h"
#include "topologies/wide/network.h"

namespace longhaul::wide {
namespace {

using Device = ns3::Ptr<ns3::NetDevice>;
using Receive = ns3::NetDevice::ReceiveCallback;

constexpr std::uint32_t kPacket = 1'500;
constexpr std::uint16_t kIpv4 = 0x0800;
const BitRate kRate = BitRate::gigabits_per_second(10);
const Bytes kBuffer{1'000'000};
const Bytes kOnWire{kPacket + 38};  // ours counts preamble, gap and FCS, ns-3 less: neither falls behind

struct Chain {  // of nodes, by link: the device that sends, and the one that receives
  std::vector<Device> from, to;
};

Chain chain_of_ours(std::size_t hops, Duration delay) {
  Chain chain;
  topology::Link link;
  link.directions.fill({kRate, core::Framing::kWire, kBuffer, delay, 0.0});
  auto node = ns3::CreateObject<ns3::Node>();
  for (std::uint32_t hop = 0; hop < hops; ++hop) {
    const auto next = ns3::CreateObject<ns3::Node>();
    const auto ends = connect(link, hop, kPacket, 1, {node, next});
    chain.from.push_back(ends[0]);
    chain.to.push_back(ends[1]);
    node = next;
  }
  return chain;
}

Chain chain_of_ns3s(std::size_t hops, Duration delay) {
  Chain chain;
  auto node = ns3::CreateObject<ns3::Node>();
  for (std::size_t hop = 0; hop < hops; ++hop) {
    const auto next = ns3::CreateObject<ns3::Node>();
    const auto channel = ns3::CreateObject<ns3::PointToPointChannel>();
    channel->SetAttribute("Delay", ns3::TimeValue(ns3::TimeStep(static_cast<std::uint64_t>(delay.ps()))));
    for (const auto& at : {node, next}) {
      const auto device = ns3::CreateObject<ns3::PointToPointNetDevice>();
      device->SetAddress(ns3::Mac48Address::Allocate());
      device->SetDataRate(ns3::DataRate(kRate.bps()));
      const auto queue = ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>();
      queue->SetMaxSize({ns3::QueueSizeUnit::BYTES, static_cast<std::uint32_t>(kBuffer.count())});
      device->SetQueue(queue);
      at->AddDevice(device);
      device->Attach(channel);
      (at == node ? chain.from : chain.to).push_back(device);
    }
    node = next;
  }
  return chain;
}

Chain chain_of(const std::string& whose, std::size_t hops, Duration delay) {
  if (whose != "ours" && whose != "ns3") throw std::invalid_argument("neither ours nor ns3: " + whose);
  return whose == "ours" ? chain_of_ours(hops, delay) : chain_of_ns3s(hops, delay);
}

// Sends `left` packets, one each time that a link of ours has sent one.
class Source {
 public:
  Source(const Chain& chain, std::uint64_t left)
      : device_(chain.from[0]), to_(chain.to[0]->GetAddress()), left_(left) {}
  void send() {
    device_->Send(ns3::Create<ns3::Packet>(kPacket), to_, kIpv4);
    if (--left_ > 0)
      ns3::Simulator::Schedule(
          ns3::TimeStep(static_cast<std::uint64_t>(serialisation_time(kOnWire, kRate).ps())), &Source::send,
          this);
  }

 private:
  Device device_;
  ns3::Address to_;
  std::uint64_t left_;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void carry(const std::string& whose, std::size_t hops) {
  constexpr std::uint64_t kFrames = 500'000;
  const Chain chain = chain_of(whose, hops, Duration::microseconds(10));
  std::uint64_t arrived = 0;
  for (std::size_t hop = 0; hop < hops; ++hop) {
    const Device next = hop + 1 < hops ? chain.from[hop + 1] : nullptr;
    const ns3::Address to = next != nullptr ? chain.to[hop + 1]->GetAddress() : ns3::Address();
    const std::function<bool(Device, ns3::Ptr<const ns3::Packet>, std::uint16_t, const ns3::Address&)> came =
        [next, to, &arrived](Device, ns3::Ptr<const ns3::Packet> packet, std::uint16_t, const ns3::Address&) {
          if (next == nullptr) {
            ++arrived;
          } else {
            next->Send(packet->Copy(), to, kIpv4);
          }
          return true;
        };
    chain.to[hop]->SetReceiveCallback(Receive(came));
  }
  Source source(chain, kFrames);
  ns3::Simulator::Schedule(ns3::TimeStep(0), &Source::send, &source);
  const double before = cpu_seconds();
  ns3::Simulator::Run();
  const double took = cpu_seconds() - before;
  if (arrived != kFrames) throw std::runtime_error(fmt::format("{} of {} frames arrived", arrived, kFrames));
  fmt::print("frames_per_s {:.0f} events_per_s {:.0f} events_per_frame {:.2f}\n",
             static_cast<double>(kFrames) / took, static_cast<double>(ns3::Simulator::GetEventCount()) / took,
             static_cast<double>(ns3::Simulator::GetEventCount()) / static_cast<double>(kFrames));
}

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  constexpr std::uint64_t kPage = 4'096;
  return resident * kPage;
}

// As many as half a second of delay holds.
void memory(const std::string& whose) {
  constexpr std::uint64_t kFrames = 400'000;
  const std::uint64_t before = resident_bytes();
  const Chain chain = chain_of(whose, 1, Duration::milliseconds(500));
  Source source(chain, kFrames);
  ns3::Simulator::Schedule(ns3::TimeStep(0), &Source::send, &source);
  ns3::Simulator::Stop(ns3::MilliSeconds(499));
  ns3::Simulator::Run();
  const std::uint64_t taken = resident_bytes() - before;
  fmt::print("frames {} bytes_per_frame {:.0f}\n", kFrames,
             static_cast<double>(taken) / static_cast<double>(kFrames));
}

void build(const std::string& kind, const std::vector<std::string>& settings) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point last = Clock::now();
  const auto lap = [&last] {
    const Clock::time_point now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(last, now)).count();
  };
  const topology::Generated made = topology::generate(kind, settings);
  const double generated = lap();
  const topology::Topology topology = topology::load_text(made.yaml, kind);
  const double loaded = lap();
  const topology::Routes routes = topology::routes_of(topology);
  const double routed = lap();
  const std::uint64_t before = resident_bytes();
  const Network network(topology, 1, Bytes(1'000'000));
  fmt::print(
      "sites {} hosts {} links {} generate_s {:.2f} load_s {:.2f} route_s {:.2f} build_s {:.2f} MiB {:.0f}\n",
      topology.sites.size(), topology.hosts.size(), topology.links.size(), generated, loaded, routed, lap(),
      static_cast<double>(resident_bytes() - before) / (1024 * 1024));
}

int run(const std::vector<std::string>& words) {
  use_picoseconds();
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId(ns3::PriorityQueueScheduler::GetTypeId());
  ns3::Simulator::SetScheduler(scheduler);
  if (words.size() == 3 && words[0] == "carry") {
    carry(words[1], std::stoul(words[2]));
  } else if (words.size() == 2 && words[0] == "memory") {
    memory(words[1]);
  } else if (words.size() >= 2 && words[0] == "build") {
    build(words[1], {words.begin() + 2, words.end()});
  } else {
    fmt::print(stderr,
               "usage: wide_bench carry ours|ns3 HOPS | memory ours|ns3 | build KIND [PARAMETER=VALUE]...\n");
    return 2;
  }
  ns3::Simulator::Destroy();
  return 0;
}

}  // namespace
}  // namespace longhaul::wide

int main(int argc, char** argv) {
  try {
    return longhaul::wide::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "wide_bench: {}\n", error.what());
    return 1;
  }
}
