// SPDX-License-Identifier: GPL-2.0-only
//
// Subcommands around a testbed that stands already, or once stood: exec, doctor, clean.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nic/doctor.h"
#include "nic/lab_clean.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/cli/standing.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

int exec_in_host(const Invocation& invocation) {
  if (invocation.trailing.empty())
    throw UsageError("nothing to run; write it after `--`: longhaul exec HOST -- ping ...");
  const nic::LabRecord record = running_testbed();
  const std::string name = invocation.text("host");
  const auto host = std::find_if(record.hosts.begin(), record.hosts.end(),
                                 [&](const nic::HostEntry& entry) { return entry.name == name; });
  if (host == record.hosts.end()) {
    std::vector<std::string> names;
    for (const nic::HostEntry& entry : record.hosts) names.push_back(entry.name);
    throw UsageError(
        fmt::format("no host `{}` in {}; there are {}", name, record.run, fmt::join(names, ", ")));
  }
  std::vector<std::string> words{"ip", "netns", "exec", host->network_namespace};
  words.insert(words.end(), invocation.trailing.begin(), invocation.trailing.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  throw std::runtime_error(fmt::format("cannot run `ip netns exec`: {}", std::strerror(errno)));
}

int examine_machine(const Invocation&) {
  int status = kValid;
  for (const nic::Finding& finding : nic::examine()) {
    fmt::print("{:<4}  {:<22} {}\n", nic::to_string(finding.level), finding.name, finding.found);
    if (!finding.mend.empty()) fmt::print("{:<28} mend: {}\n", "", finding.mend);
    if (finding.level == nic::Level::kFail) status = kError;
  }
  return status;
}

int clean_up(const Invocation&) {
  const nic::CleanReport report = nic::clean();
  for (const std::string& thing : report.removed) fmt::print("removed {}\n", thing);
  for (const std::string& thing : report.kept) fmt::print("kept {}\n", thing);
  if (report.removed.empty() && report.kept.empty()) fmt::print("nothing was left behind\n");
  return kValid;
}

Subcommand simple(const char* name, const char* arguments, const char* summary, const char* examples,
                  int (*action)(const Invocation&)) {
  return {name, arguments, summary, examples, po::options_description("Options"), {}, action};
}

}  // namespace

Subcommand exec_command_line() {
  Subcommand command = simple("exec", "HOST -- CMD...", "run a command inside a host of the standing testbed",
                              "  longhaul exec atl0 -- ping -c 5 10.71.0.3\n"
                              "  longhaul exec mtp0 -- iperf3 -s -1\n"
                              "  longhaul exec atl0 -- bash\n",
                              exec_in_host);
  command.options.add_options()("host", po::value<std::string>()->required()->value_name("HOST"),
                                "the host's name");
  command.positional.add("host", 1);
  return command;
}

Subcommand doctor_command_line() {
  return simple("doctor", "", "say what this machine can do, and how to mend what it cannot",
                "  longhaul doctor\n", examine_machine);
}

Subcommand clean_command_line() {
  return simple("clean", "", "remove what a killed run left behind, and only that", "  longhaul clean\n",
                clean_up);
}

}  // namespace longhaul::scenario
