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
#include "scenarios/library.h"
#include "scenarios/live_control.h"
#include "scenarios/load.h"
#include "scenarios/placement.h"
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

void require_gloos(const Scenario& scenario) {
  if (!scenario.flows.list.empty())
    throw std::runtime_error("cannot emulate a workload of flows; run it with --mode simulate");
  const Collective& workload = scenario.workload;
  if (workload.is_gloos()) return;
  throw std::runtime_error(fmt::format(
      "cannot emulate {} by {}: the ranks on real hosts do allreduce by ring or halving-doubling; "
      "run it with --mode simulate",
      name(workload.kind), name(workload.algorithm)));
}

// A topology, or that of a scenario with what the scenario says of its hosts and of background traffic.
std::pair<topology::Topology, TestbedOptions> what_stands(const Invocation& invocation) {
  const std::string named = invocation.text("topology");
  std::pair<topology::Topology, TestbedOptions> what;
  auto& [topology, options] = what;
  if (kind_of(invocation.library, named) == FileKind::kScenario) {
    Scenario scenario = load(named, invocation.library, invocation.overrides());
    topology = std::move(scenario.topology);
    options.seed = scenario.seed;
    options.congestion_control = scenario.workload.congestion_control;
    options.ecn = scenario.workload.ecn;
    options.background = std::move(scenario.background);
    options.coupling = scenario.coupling;
  } else {
    topology = topology::load(find_topology(invocation.library, named), invocation.overrides());
  }
  options.name = topology.name;
  if (invocation.has("seed")) options.seed = seed_of(invocation);
  if (invocation.has("congestion-control"))
    options.congestion_control = invocation.text("congestion-control");
  options.cpus = cpus_of(invocation);
  options.ecn |= invocation.has("ecn");
  options.hooks = hook_directory();
  return what;
}

void require_that_it_can_stand(const topology::Topology& topology) {
  require_root();
  if (const std::string why = cannot_emulate(topology); !why.empty()) throw std::runtime_error(why);
}

int keep_up(const Invocation& invocation) {
  const auto [topology, options] = what_stands(invocation);
  require_that_it_can_stand(topology);
  Testbed testbed(topology, options);
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
  require_gloos(scenario);
  require_that_it_can_stand(scenario.topology);
  options.cpus = cpus_of(invocation);
  options.metrics = metrics_of(invocation);
  options.rank_program = rank_program();
  return run(scenario, options, report);
}

Subcommand up_command_line() {
  Subcommand command{
      "up",
      "TOPOLOGY",
      "keep a topology standing until Ctrl-C, or that of a scenario with its background traffic",
      "  longhaul up atlanta-mount-pleasant\n"
      "  longhaul up background-step\n"
      "  longhaul up atlanta-mount-pleasant --set links.wan.rate='100 Mbit/s'\n",
      po::options_description("Options"),
      {},
      keep_up};
  command.options.add_options()("topology", po::value<std::string>()->required()->value_name("TOPOLOGY"),
                                "a file, or a name that `longhaul list` shows")(
      "seed", po::value<std::string>()->value_name("N"),
      "seed of all random streams (default: 1, or the scenario's)")(
      "congestion-control", po::value<std::string>()->value_name("NAME"),
      "TCP congestion control of the hosts (default: the machine's)")(
      "ecn", "the hosts' TCP asks for explicit congestion notification");
  add_common(command.options);
  command.positional.add("topology", 1);
  return command;
}

}  // namespace longhaul::scenario
