// SPDX-License-Identifier: GPL-2.0-only
//
// Subcommands that only read files: check and list. They need no privilege and no data plane.
#include <fmt/format.h>

#include <cstdio>

#include "nic/cpus.h"
#include "nic/machine.h"
#include "scenarios/check_report.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/load.h"
#ifdef LONGHAUL_HAVE_DATAPLANE
#include "scenarios/placement.h"
#endif
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

// How the data plane would stand here; nothing where it was not built.
std::string data_plane_text([[maybe_unused]] const topology::Topology& topology,
                            [[maybe_unused]] const Invocation& invocation) {
#ifdef LONGHAUL_HAVE_DATAPLANE
  std::vector<unsigned> cpus{nic::usable_cpus().back()};
  if (invocation.has("lcores")) cpus = invocation.numbers("lcores", kMostCpu);
  return placement_text(topology, cpus, nic::examine_machine().memory);
#else
  return {};
#endif
}

int check_file(const Invocation& invocation) {
  const std::string file = invocation.text("file");
  // If it is neither, loading says what scenarios there are.
  if (kind_of(invocation.library, file).value_or(FileKind::kScenario) == FileKind::kScenario) {
    const Scenario scenario = load(file, invocation.library, invocation.overrides());
    fmt::print("{}\n{}{}", effective_yaml(scenario), prediction_text(scenario),
               data_plane_text(scenario.topology, invocation));
  } else {
    const topology::Topology topology =
        topology::load(find_topology(invocation.library, file), invocation.overrides());
    fmt::print("{}\n{}{}", topology::effective_yaml(topology), prediction_text(topology),
               data_plane_text(topology, invocation));
  }
  return kValid;
}

void print_entries(const char* title, const std::vector<LibraryEntry>& entries) {
  fmt::print("{}\n", title);
  for (const LibraryEntry& entry : entries) {
    fmt::print("  {:<24} {}\n", entry.name, entry.problem.empty() ? entry.description : entry.problem);
  }
}

int list_library(const Invocation& invocation) {
  print_entries("Scenarios (longhaul run NAME):", list_scenarios(invocation.library));
  print_entries("Topologies (longhaul up NAME):", list_topologies(invocation.library));
  return kValid;
}

}  // namespace

Subcommand check_command_line() {
  Subcommand command{"check",
                     "FILE",
                     "validate a topology or scenario and print what it means and predicts",
                     "  longhaul check first-light\n"
                     "  longhaul check my-topology.yaml --set links.wan.distance='2000 km'\n",
                     po::options_description("Options"),
                     {},
                     check_file};
  command.options.add_options()("file", po::value<std::string>()->required()->value_name("FILE"),
                                "a file, or a name that `longhaul list` shows")(
      "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
      "change one value of the file; may be repeated")(
      "lcores", po::value<std::string>()->value_name("CPU,..."),
      "show how sites would be spread over lcores on these CPUs (default: one, on the last CPU)");
  command.positional.add("file", 1);
  return command;
}

Subcommand list_command_line() {
  return {"list",
          "",
          "list the scenarios and topologies that ship",
          "  longhaul list\n",
          po::options_description("Options"),
          {},
          list_library};
}

}  // namespace longhaul::scenario
