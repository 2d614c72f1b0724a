// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <stdexcept>

#include "results/files.h"
#include "results/table.h"
#include "scenarios/cli/run_modes.h"
#include "scenarios/interrupt.h"
#include "scenarios/load.h"
#include "scenarios/metrics_server.h"

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

bool simulates(const Invocation& invocation) {
  const std::string mode = invocation.text("mode");
  if (mode != "emulate" && mode != "simulate")
    throw UsageError(fmt::format("no mode `{}`, allowed: emulate, simulate", mode));
  return mode == "simulate";
}

// A build without one of the modes has no use for some of this.
RunOutcome run_in_mode(bool simulated, [[maybe_unused]] const Scenario& scenario,
                       [[maybe_unused]] const Invocation& invocation,
                       [[maybe_unused]] const RunOptions& options, [[maybe_unused]] const Report& report) {
  if (simulated) {
#ifdef LONGHAUL_HAVE_NS3
    return run_simulated(scenario, invocation, options, report);
#else
    throw std::runtime_error(
        "cannot simulate: this longhaul was built without ns-3; build it again where libns3-dev is "
        "installed");
#endif
  }
#ifdef LONGHAUL_HAVE_DATAPLANE
  return run_emulated(scenario, invocation, options, report);
#else
  throw std::runtime_error(
      "cannot emulate: this longhaul was built without DPDK; build it again where libdpdk is installed, or "
      "run it with --mode simulate");
#endif
}

// Without what only a data plane has.
std::string simulated_text(const results::RunRecord& record, results::Colour colour) {
  std::string text = results::collectives_table(record);
  for (const std::string& table :
       {results::predictions_table(record), results::links_table(record), results::classes_table(record)}) {
    if (!table.empty()) text += "#\n" + table;
  }
  return text + "#\n" + results::verdict_text(record.judgement, colour);
}

int run_scenario(const Invocation& invocation) {
  std::vector<topology::Override> overrides = invocation.overrides();
  if (invocation.has("seed")) {
    overrides.push_back({"seed", std::to_string(seed_of(invocation)), "seed"});
  }
  const Scenario scenario = load(invocation.text("scenario"), invocation.library, overrides);
  const bool simulated = simulates(invocation);
  RunOptions options;
  if (invocation.has("out")) options.out = invocation.text("out");
  options.command_line = invocation.command_line;
  options.version = version();
  options.revision = revision();

  Progress progress;
  const RunOutcome outcome = run_in_mode(simulated, scenario, invocation, options, std::ref(progress));
  progress.end();
  if (invocation.has("json")) {
    std::fputs(results::summary_json(outcome.record).c_str(), stdout);
  } else {
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    const auto colour = terminal ? results::Colour::kVerdict : results::Colour::kNever;
    fmt::print("{}", simulated ? simulated_text(outcome.record, colour)
                               : results::report_text(outcome.record, colour));
    if (!outcome.directory.empty()) fmt::print("\nFiles: {}\n", outcome.directory.string());
  }
  if (!outcome.record.unwritten.empty()) {
    std::fflush(stdout);
    throw std::runtime_error(fmt::format("{}", fmt::join(outcome.record.unwritten, "; ")));
  }
  check_interrupt();
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

}  // namespace

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

std::uint64_t seed_of(const Invocation& invocation) {
  return invocation.whole_number("seed", std::numeric_limits<std::uint64_t>::max());
}

Subcommand run_command_line() {
  Subcommand command{"run",
                     "SCENARIO",
                     "run a scenario and judge the result",
                     "  longhaul run first-light\n"
                     "  longhaul run first-light --set topology.links.wan.loss=1e-4 --seed 7\n"
                     "  longhaul run first-light --mode simulate\n"
                     "  longhaul run my-scenario.yaml --out /tmp/result --json | jq .judgement.verdict\n"
                     "  longhaul run first-light --decisions --set topology.links.wan.loss=1e-3\n",
                     po::options_description("Options"),
                     {},
                     run_scenario};
  command.options.add_options()("scenario", po::value<std::string>()->required()->value_name("SCENARIO"),
                                "a file, or a name that `longhaul list` shows")(
      "mode", po::value<std::string>()->default_value("emulate")->value_name("MODE"),
      "emulate: real hosts over the data plane, which needs root; simulate: all of it in ns-3, in virtual "
      "time")("out", po::value<std::string>()->value_name("DIR"),
              "write the results to DIR, which must be empty or absent (default: results/runs/NAME-TIME)")(
      "seed", po::value<std::string>()->value_name("N"),
      "seed of all random streams (default: the scenario's)")("json", "print summary.json instead of tables")(
      "decisions",
      "also write decisions.csv: each frame that a link dropped, marked, copied or damaged, and why");
  add_common(command.options);
  command.positional.add("scenario", 1);
  return command;
}

}  // namespace longhaul::scenario
