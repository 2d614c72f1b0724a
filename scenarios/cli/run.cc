// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>

#include "results/files.h"
#include "results/table.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/interrupt.h"
#include "scenarios/live_control.h"
#include "scenarios/load.h"
#include "scenarios/runner.h"
#include "scenarios/testbed.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

// On a terminal passing lines overwrite each other; in a pipe only lasting ones are printed.
class Progress {
 public:
  void operator()(const std::string& line, Lasting lasting) {
    if (lasting == Lasting::kLasting) {
      fmt::print(stderr, "{}{}\n", clear(), line);
    } else if (terminal_) {
      fmt::print(stderr, "{}{}", clear(), line);
    }
    std::fflush(stderr);
  }
  void end() { fmt::print(stderr, "{}", clear()); }

 private:
  const char* clear() const { return terminal_ ? "\r\033[K" : ""; }
  bool terminal_ = isatty(STDERR_FILENO) == 1;
};

void add_common(po::options_description& options) {
  options.add_options()("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
                        "change one value of the file, e.g. workload.iterations=50; may be repeated")(
      "lcores", po::value<std::string>()->value_name("CPU,..."),
      "run the data plane on these CPUs, one lcore each; the same may come twice (default: the last CPU)")(
      "cpu", po::value<std::string>()->value_name("N"), "the same for one CPU")(
      "metrics",
      po::value<std::string>()
          ->implicit_value(std::to_string(MetricsServer::kDefaultPort))
          ->value_name("PORT"),
      "serve OpenMetrics at http://127.0.0.1:PORT/metrics; --metrics=0 takes a free port");
}

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

std::uint64_t seed_of(const Invocation& invocation) {
  return invocation.whole_number("seed", std::numeric_limits<std::uint64_t>::max());
}

void require_root() {
  if (geteuid() != 0) {
    throw std::runtime_error(
        "hosts in network namespaces need root; try again with sudo (`longhaul check` does not)");
  }
}

int run_scenario(const Invocation& invocation) {
  std::vector<topology::Override> overrides = invocation.overrides();
  if (invocation.has("seed")) {
    overrides.push_back({"seed", std::to_string(seed_of(invocation)), "seed"});
  }
  const Scenario scenario = load(invocation.text("scenario"), invocation.library, overrides);
  require_root();
  RunOptions options;
  if (invocation.has("out")) options.out = invocation.text("out");
  options.cpus = cpus_of(invocation);
  options.log_decisions = invocation.has("decisions");
  options.metrics = metrics_of(invocation);
  options.rank_program = rank_program();
  options.hooks = hook_directory();
  options.command_line = invocation.command_line;
  options.version = version();
  options.revision = revision();

  Progress progress;
  const RunOutcome outcome = run(scenario, options, std::ref(progress));
  progress.end();
  if (invocation.has("json")) {
    std::fputs(results::summary_json(outcome.record).c_str(), stdout);
  } else {
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    const auto colour = terminal ? results::Colour::kVerdict : results::Colour::kNever;
    fmt::print("{}", results::report_text(outcome.record, colour));
    if (!outcome.directory.empty()) fmt::print("\nFiles: {}\n", outcome.directory.string());
  }
  if (!outcome.record.unwritten.empty()) {
    std::fflush(stdout);
    throw std::runtime_error(fmt::format("{}", fmt::join(outcome.record.unwritten, "; ")));
  }
  switch (outcome.record.judgement.verdict) {
    case results::Verdict::kValid:
      return kValid;
    case results::Verdict::kDegraded:
      return kDegraded;
    case results::Verdict::kInvalid:
      break;
  }
  return kInvalid;
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

Subcommand run_command_line() {
  Subcommand command{"run",
                     "SCENARIO",
                     "run a scenario and judge the result",
                     "  longhaul run first-light\n"
                     "  longhaul run first-light --set topology.links.wan.loss=1e-4 --seed 7\n"
                     "  longhaul run my-scenario.yaml --out /tmp/result --json | jq .judgement.verdict\n"
                     "  longhaul run first-light --decisions --set topology.links.wan.loss=1e-3\n",
                     po::options_description("Options"),
                     {},
                     run_scenario};
  command.options.add_options()("scenario", po::value<std::string>()->required()->value_name("SCENARIO"),
                                "a file, or a name that `longhaul list` shows")(
      "out", po::value<std::string>()->value_name("DIR"),
      "write the results to DIR, which must be empty or absent (default: results/runs/NAME-TIME)")(
      "seed", po::value<std::string>()->value_name("N"),
      "seed of all random streams (default: the scenario's)")("json", "print summary.json instead of tables")(
      "decisions",
      "also write decisions.csv: each frame that a link dropped, marked, copied or damaged, and why");
  add_common(command.options);
  command.positional.add("scenario", 1);
  return command;
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
