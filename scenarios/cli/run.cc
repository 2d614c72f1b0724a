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

enum class Mode : std::uint8_t { kEmulate, kSimulate, kBoth };

Mode mode_of(const Invocation& invocation) {
  const std::string mode = invocation.text("mode");
  if (mode == "emulate") return Mode::kEmulate;
  if (mode == "simulate") return Mode::kSimulate;
  if (mode == "both") return Mode::kBoth;
  throw UsageError(fmt::format("no mode `{}`, allowed: emulate, simulate, both", mode));
}

void require_what_is_built([[maybe_unused]] Mode mode) {
#ifndef LONGHAUL_HAVE_NS3
  if (mode != Mode::kEmulate) {
    throw std::runtime_error(
        "cannot simulate: this longhaul was built without ns-3; build it again where libns3-dev is "
        "installed");
  }
#endif
#ifndef LONGHAUL_HAVE_DATAPLANE
  if (mode != Mode::kSimulate) {
    throw std::runtime_error(
        "cannot emulate: this longhaul was built without DPDK; build it again where libdpdk is installed, "
        "or run it with --mode simulate");
  }
#endif
}

// Without what only a data plane has.
std::string simulated_text(const results::RunRecord& record, results::Colour colour) {
  std::string text = results::collectives_table(record);
  for (const std::string& table :
       {results::predictions_table(record), results::workload_flows_table(record.workload_flows),
        results::links_table(record), results::hooks_table(record), results::classes_table(record),
        results::decisions_text(record)}) {
    if (!table.empty()) text += "#\n" + table;
  }
  return text + "#\n" + results::verdict_text(record.judgement, colour);
}

// What a run of any mode comes to.
struct Shown {
  std::string text, json;
  std::filesystem::path directory;
  std::vector<std::string> unwritten;
  results::Verdict verdict = results::Verdict::kInvalid;
};

// A build without one of the modes has no use for some of this.
[[maybe_unused]] Shown show(Mode mode, const RunOutcome& outcome, results::Colour colour) {
  return {mode == Mode::kSimulate ? simulated_text(outcome.record, colour)
                                  : results::report_text(outcome.record, colour),
          results::summary_json(outcome.record), outcome.directory, outcome.record.unwritten,
          outcome.record.judgement.verdict};
}

Shown run_in_mode(Mode mode, [[maybe_unused]] const Scenario& scenario,
                  [[maybe_unused]] const Invocation& invocation, [[maybe_unused]] const RunOptions& options,
                  [[maybe_unused]] const Report& report, [[maybe_unused]] results::Colour colour) {
  require_what_is_built(mode);
#ifdef LONGHAUL_HAVE_NS3
  if (mode == Mode::kSimulate)
    return show(mode, run_simulated(scenario, invocation, options, report), colour);
#endif
#ifdef LONGHAUL_HAVE_DATAPLANE
  if (mode == Mode::kEmulate) return show(mode, run_emulated(scenario, invocation, options, report), colour);
#endif
#if defined(LONGHAUL_HAVE_NS3) && defined(LONGHAUL_HAVE_DATAPLANE)
  const BothOutcome both = run_both(scenario, invocation, options, report);
  return {results::comparison_text(both.runs, colour), results::comparison_json(both.runs), both.directory,
          both.unwritten, results::judge_both(both.runs).verdict};
#else
  return {};
#endif
}

int exit_status(results::Verdict verdict) {
  switch (verdict) {
    case results::Verdict::kValid:
      return kValid;
    case results::Verdict::kDegraded:
      return kDegraded;
    case results::Verdict::kInvalid:
      break;
  }
  return kInvalid;
}

int run_scenario(const Invocation& invocation) {
  std::vector<topology::Override> overrides = invocation.overrides();
  if (invocation.has("seed")) {
    overrides.push_back({"seed", std::to_string(seed_of(invocation)), "seed"});
  }
  const Scenario scenario = load(invocation.text("scenario"), invocation.library, overrides);
  const Mode mode = mode_of(invocation);
  RunOptions options;
  if (invocation.has("out")) options.out = invocation.text("out");
  options.command_line = invocation.command_line;
  options.version = version();
  options.revision = revision();
  options.hooks = hook_directory();
  options.log_decisions = invocation.has("decisions");

  const bool coloured = isatty(STDOUT_FILENO) == 1 && !invocation.has("json");
  Progress progress;
  const Shown shown = run_in_mode(mode, scenario, invocation, options, std::ref(progress),
                                  coloured ? results::Colour::kVerdict : results::Colour::kNever);
  progress.end();
  if (invocation.has("json")) {
    std::fputs(shown.json.c_str(), stdout);
  } else {
    fmt::print("{}", shown.text);
    if (!shown.directory.empty()) fmt::print("\nFiles: {}\n", shown.directory.string());
  }
  if (!shown.unwritten.empty()) {
    std::fflush(stdout);
    throw std::runtime_error(fmt::format("{}", fmt::join(shown.unwritten, "; ")));
  }
  check_interrupt();
  return exit_status(shown.verdict);
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
                     "  longhaul run first-light --mode both\n"
                     "  longhaul run my-scenario.yaml --out /tmp/result --json | jq .judgement.verdict\n"
                     "  longhaul run first-light --decisions --set topology.links.wan.loss=1e-3\n",
                     po::options_description("Options"),
                     {},
                     run_scenario};
  command.options.add_options()("scenario", po::value<std::string>()->required()->value_name("SCENARIO"),
                                "a file, or a name that `longhaul list` shows")(
      "mode", po::value<std::string>()->default_value("emulate")->value_name("MODE"),
      "emulate: real hosts over the data plane, which needs root; simulate: all of it in ns-3, in virtual "
      "time; both: one after the other, and the two side by side")(
      "out", po::value<std::string>()->value_name("DIR"),
      "write the results to DIR, which must be empty or absent (default: results/runs/NAME-TIME)")(
      "seed", po::value<std::string>()->value_name("N"),
      "seed of all random streams (default: the scenario's)")(
      "json", "print summary.json instead of tables; comparison.json of both")(
      "decisions",
      "also write decisions.csv: each frame that a link dropped, marked, copied or damaged, and why");
  add_common(command.options);
  command.positional.add("scenario", 1);
  return command;
}

}  // namespace longhaul::scenario
