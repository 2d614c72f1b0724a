// SPDX-License-Identifier: GPL-2.0-only
//
// What needs the data plane: `longhaul run` in emulate mode, and `longhaul up`.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>

#include "scenarios/cli/run_modes.h"
#include "scenarios/interrupt.h"
#include "scenarios/live_control.h"
#include "scenarios/testbed.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

std::vector<unsigned> cpus_of(const Invocation& invocation) {
  if (invocation.has("lcores")) {
    if (invocation.has("cpu")) throw UsageError("--cpu and --lcores: give one of the two");
    return invocation.numbers("lcores", kMostCpu);
  }
  if (!invocation.has("cpu")) return {};
  return {static_cast<unsigned>(invocation.whole_number("cpu", kMostCpu))};
}

std::optional<std::uint16_t> metrics_of(const Invocation& invocation) {
  if (!invocation.has("metrics")) return std::nullopt;
  return static_cast<std::uint16_t>(
      invocation.whole_number("metrics", std::numeric_limits<std::uint16_t>::max()));
}

void require_root() {
  if (geteuid() != 0) {
    throw std::runtime_error(
        "hosts in network namespaces need root; try again with sudo (`longhaul check` does not)");
  }
}

int keep_up(const Invocation& invocation) {
  const std::filesystem::path file = find_topology(invocation.library, invocation.text("topology"));
  const topology::Topology topology = topology::load(file, invocation.overrides());
  require_root();
  std::string congestion_control;
  if (invocation.has("congestion-control")) congestion_control = invocation.text("congestion-control");
  Testbed testbed(topology, {topology.name, seed_of(invocation), congestion_control, cpus_of(invocation),
                             false, invocation.has("ecn"), hook_directory()});
  testbed.on_fault([](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  LiveControl live(testbed, version(), metrics_of(invocation));

  fmt::print("{} is up: data plane on CPU {}, {}\n", topology.name, fmt::join(testbed.data_plane_cpus(), ","),
             testbed.memory_kind());
  for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
    const topology::Host& host = topology.hosts[h];
    fmt::print("  {:<15} {:<20} {}\n", host.name, topology.sites[host.site].name,
               host.kind == topology::HostKind::kNetns ? host_address(h) : "external, " + host.device);
  }
  std::vector<std::size_t> lab;
  for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
    if (topology.hosts[h].kind == topology::HostKind::kNetns) lab.push_back(h);
  }
  if (lab.size() > 1) {
    fmt::print("In another terminal: longhaul exec {} -- ping {}\n", topology.hosts[lab.front()].name,
               host_address(lab.back()));
  }
  if (!live.metrics_url().empty()) fmt::print("metrics: {}\n", live.metrics_url());
  fmt::print("longhaul show and top watch it, set and event change it; Ctrl-C ends it.\n");
  std::fflush(stdout);
  try {
    while (true) {
      check_interrupt();
      constexpr std::chrono::milliseconds kSampleTime{20};
      live.turn(kSampleTime);
    }
  } catch (const Interrupted&) {
    fmt::print("taking it down\n");
  }
  return kValid;
}

}  // namespace

RunOutcome run_emulated(const Scenario& scenario, const Invocation& invocation, RunOptions options,
                        const Report& report) {
  require_root();
  options.cpus = cpus_of(invocation);
  options.log_decisions = invocation.has("decisions");
  options.metrics = metrics_of(invocation);
  options.rank_program = rank_program();
  options.hooks = hook_directory();
  return run(scenario, options, report);
}

Subcommand up_command_line() {
  Subcommand command{"up",
                     "TOPOLOGY",
                     "keep a topology standing until Ctrl-C",
                     "  longhaul up atlanta-mount-pleasant\n"
                     "  longhaul up atlanta-mount-pleasant --set links.wan.rate='100 Mbit/s'\n",
                     po::options_description("Options"),
                     {},
                     keep_up};
  command.options.add_options()("topology", po::value<std::string>()->required()->value_name("TOPOLOGY"),
                                "a file, or a name that `longhaul list` shows")(
      "seed", po::value<std::string>()->default_value("1")->value_name("N"), "seed of all random streams")(
      "congestion-control", po::value<std::string>()->value_name("NAME"),
      "TCP congestion control of the hosts (default: the machine's)")(
      "ecn", "the hosts' TCP asks for explicit congestion notification");
  add_common(command.options);
  command.positional.add("topology", 1);
  return command;
}

}  // namespace longhaul::scenario
