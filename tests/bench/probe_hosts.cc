// SPDX-License-Identifier: GPL-2.0-only
//
// Attaches the host probes to eth0 of the network namespaces that are named, says so, and keeps them until
// SIGINT or SIGTERM: for scripts/bench, which measures what they cost. In the end it prints how many frames
// they saw, how many stamps they made of them, and how many records were lost.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <cstdio>
#include <exception>
#include <vector>

#include "nic/netns.h"
#include "nic/probes/host_probes.h"
#include "nic/probes/probe_cgroup.h"

namespace {

volatile sig_atomic_t over = 0;

void end(int) {
  over = 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace longhaul;
  try {
    std::vector<nic::UniqueFd> open;
    std::vector<nic::ProbeHost> hosts;
    for (int i = 1; i < argc; ++i) {
      open.push_back(nic::open_namespace(argv[i]));
      hosts.push_back({argv[i], open.back().get()});
    }
    nic::HostProbes probes(hosts, {.cgroup = nic::cgroup2_root()});
    ::signal(SIGINT, end);
    ::signal(SIGTERM, end);
    fmt::print("attached\n");
    std::fflush(stdout);
    std::uint64_t samples = 0;
    constexpr int kPollMs = 20;
    while (over == 0) {
      ::poll(nullptr, 0, kPollMs);
      probes.poll([&](const nic::ConnectionSample&) { ++samples; });
    }
    std::uint64_t frames = 0, stamps = 0;
    for (std::size_t h = 0; h < hosts.size(); ++h) {
      for (const auto direction : {nic::ProbeDirection::kSent, nic::ProbeDirection::kReceived})
        frames += probes.totals(h, direction).frames;
    }
    for (const nic::FlowDelay& delay : probes.delays()) stamps += delay.stamped;
    const nic::ProbeLosses lost = probes.losses();
    fmt::print("{} {} {} {}\n", frames, stamps, samples, lost.samples + lost.stamps);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "probe_hosts: {}\n", error.what());
    return 1;
  }
}
