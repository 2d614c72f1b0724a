// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <optional>

#include "results/files.h"
#include "results/table.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/control_socket.h"
#include "scenarios/interrupt.h"
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
      "cpu", po::value<std::string>()->value_name("N"),
      "run the data plane on CPU N (default: the last one)");
}

std::optional<unsigned> cpu_of(const Invocation& invocation) {
  if (!invocation.has("cpu")) return std::nullopt;
  return static_cast<unsigned>(invocation.whole_number("cpu", std::numeric_limits<unsigned>::max()));
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
  options.cpu = cpu_of(invocation);
  options.log_decisions = invocation.has("decisions");
  options.rank_program = rank_program();
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
    fmt::print("{}\nFiles: {}\n", results::report_text(outcome.record, colour), outcome.directory.string());
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
  Testbed testbed(topology, {topology.name, seed_of(invocation), congestion_control, cpu_of(invocation),
                             false, invocation.has("ecn")});
  ControlSocket control(testbed.state().make_directory("control") / "socket");
  testbed.state().publish_control_socket(control.path());

  fmt::print("{} is up: data plane on CPU {}, {}\n", topology.name, testbed.data_plane_cpu(),
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
  fmt::print("longhaul status shows its counters; Ctrl-C ends it.\n");
  std::fflush(stdout);
  try {
    while (true) {
      check_interrupt();
      constexpr int kSampleTimeMs = 20;
      poll(nullptr, 0, kSampleTimeMs);
      testbed.drain();
      control.answer([&] { return testbed.status_json(); });
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
