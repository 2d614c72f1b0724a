// SPDX-License-Identifier: GPL-2.0-only
//
// Subcommands around a testbed that stands already, or once stood: exec, status, doctor, clean.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nic/doctor.h"
#include "nic/lab_clean.h"
#include "nic/lab_state.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/control_socket.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

nic::LabRecord running_testbed() {
  if (auto record = nic::find_running()) return *record;
  throw std::runtime_error("no testbed is up; start one with `longhaul up TOPOLOGY`");
}

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

void print_status(const nlohmann::json& status) {
  fmt::print("{}: up {:.1f} s\n\n", status["run"].get<std::string>(), status["uptime_s"].get<double>());
  fmt::print("{:<12} {:<32} {:>12} {:>12} {:>10} {:>8} {:>12}\n", "link", "direction", "in", "out", "dropped",
             "held", "queue (B)");
  for (const nlohmann::json& direction : status["directions"]) {
    std::uint64_t dropped = 0;
    for (const nlohmann::json& cause : direction["dropped"]) dropped += cause["frames"].get<std::uint64_t>();
    fmt::print("{:<12} {:<32} {:>12} {:>12} {:>10} {:>8} {:>12}\n", direction["link"].get<std::string>(),
               direction["from"].get<std::string>() + " -> " + direction["to"].get<std::string>(),
               direction["in"]["frames"].get<std::uint64_t>(),
               direction["out"]["frames"].get<std::uint64_t>(), dropped,
               direction["held"]["frames"].get<std::uint64_t>(),
               direction["queue_bytes"].get<std::uint64_t>());
  }
  fmt::print("\n{:<16} {:<16} {:>14} {:>14}\n", "host", "address", "frames from", "frames to");
  for (const nlohmann::json& port : status["ports"]) {
    fmt::print("{:<16} {:<16} {:>14} {:>14}\n", port["host"].get<std::string>(),
               port["address"].get<std::string>(), port["rx_frames"].get<std::uint64_t>(),
               port["tx_frames"].get<std::uint64_t>());
  }
}

int show_status(const Invocation& invocation) {
  const nic::LabRecord record = running_testbed();
  if (record.control_socket.empty())
    throw std::runtime_error(record.run + " is still being set up; ask again");
  const std::string answer = ask(record.control_socket);
  if (invocation.has("json")) {
    fmt::print("{}", answer);
  } else {
    print_status(nlohmann::json::parse(answer));
  }
  return kValid;
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

Subcommand status_command_line() {
  Subcommand command =
      simple("status", "", "show the counters of the standing testbed",
             "  longhaul status\n  longhaul status --json | jq '.directions[].queue_bytes'\n", show_status);
  command.options.add_options()("json", "print JSON");
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
