// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "scenarios/cli/command_line.h"
#include "scenarios/control_client.h"
#include "scenarios/interrupt.h"
#include "topologies/config_error.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

std::vector<Subcommand> subcommands() {
  std::vector<Subcommand> all;
  all.push_back(run_command_line());
  all.push_back(check_command_line());
#ifdef LONGHAUL_HAVE_DATAPLANE
  all.push_back(up_command_line());
#endif
  all.push_back(exec_command_line());
  all.push_back(status_command_line());
  all.push_back(show_command_line());
  all.push_back(top_command_line());
  all.push_back(set_command_line());
  all.push_back(event_command_line());
  all.push_back(capture_command_line());
#ifdef LONGHAUL_HAVE_DATAPLANE
  all.push_back(hook_test_command_line());
  all.push_back(hook_swap_command_line());
#endif
  all.push_back(doctor_command_line());
  all.push_back(clean_command_line());
  all.push_back(list_command_line());
  all.push_back(topology_import_command_line());
  all.push_back(topology_export_command_line());
  all.push_back(topology_generate_command_line());
  return all;
}

std::string general_help(const std::vector<Subcommand>& all) {
  std::string text =
      "longhaul: emulates long-haul links between AI clusters and measures collectives over them\n\n"
      "Usage: longhaul COMMAND [ARGUMENT]... [OPTION]...\n\nCommands:\n";
  for (const Subcommand& command : all) text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  text +=
      "\nExamples:\n"
      "  longhaul doctor                 what this machine can do\n"
      "  longhaul run first-light        all-reduce between Atlanta and Mount Pleasant\n"
      "  longhaul COMMAND --help         options and examples of a command\n\n"
      "Exit status: 0 done, and a run is VALID; 1 it could not be done; 2 bad command line or file; 3 the "
      "run is\n"
      "DEGRADED; 4 the run is INVALID; 128 + N ended by signal N.\n";
  return text;
}

std::string help_of(const Subcommand& command) {
  std::ostringstream options;
  options << command.options;
  return fmt::format("{0}\n\nUsage: longhaul {1} {2} [OPTION]...\n\n{3}\nExamples:\n{4}", command.summary,
                     command.name, command.arguments, options.str(), command.examples);
}

// Everything after a lone `--` is not for us.
std::vector<std::string> split_trailing(std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> trailing(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return trailing;
}

int execute(Subcommand& command, std::vector<std::string> words, std::vector<std::string> command_line) {
  command.options.add_options()("help,h", "show this text");
  Invocation invocation;
  invocation.command_line = std::move(command_line);
  invocation.library = shipped_library();
  invocation.trailing = split_trailing(words);
  try {
    po::store(po::command_line_parser(words)
                  .options(command.options)
                  .positional(command.positional)
                  .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
                  .run(),
              invocation.values);
    if (invocation.has("help")) {
      std::fputs(help_of(command).c_str(), stdout);
      return kValid;
    }
    po::notify(invocation.values);
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}; see `longhaul {} --help`", error.what(), command.name));
  }
  return command.action(invocation);
}

// How many words the name of this command is, if they begin with it; else 0.
std::size_t name_length(const Subcommand& command, const std::vector<std::string>& words) {
  if (words[0] == command.name) return 1;
  return words.size() > 1 && words[0] + " " + words[1] == command.name ? 2 : 0;
}

[[noreturn]] void refuse_command(const std::string& word, const std::vector<Subcommand>& all) {
  std::string family;
  for (const Subcommand& command : all) {
    if (command.name.starts_with(word + " "))
      family += fmt::format("{}`longhaul {}`", family.empty() ? "" : ", ", command.name);
  }
  if (family.empty()) throw UsageError(fmt::format("no command `{}`; `longhaul --help` lists them", word));
  throw UsageError(fmt::format("`{}` needs a second word: {}", word, family));
}

int dispatch(int argc, char** argv) {
  std::vector<Subcommand> all = subcommands();
  std::vector<std::string> words(argv + 1, argv + argc);
  std::vector<std::string> command_line(argv, argv + argc);
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::fputs(general_help(all).c_str(), words.empty() ? stderr : stdout);
    return words.empty() ? kUsage : kValid;
  }
  if (words[0] == "--version") {
    fmt::print("longhaul {} ({})\n", version(), revision());
    return kValid;
  }
  for (Subcommand& command : all) {
    const auto length = static_cast<std::ptrdiff_t>(name_length(command, words));
    if (length == 0) continue;
    words.erase(words.begin(), words.begin() + length);
    return execute(command, std::move(words), std::move(command_line));
  }
  refuse_command(words[0], all);
}

}  // namespace
}  // namespace longhaul::scenario

int main(int argc, char** argv) {
  using namespace longhaul::scenario;
  try {
    note_interrupts();
    return dispatch(argc, argv);
  } catch (const Interrupted& interrupted) {
    fmt::print(stderr, "longhaul: {}; everything was taken down\n", interrupted.what());
    return 128 + interrupted.signal();
  } catch (const longhaul::topology::ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kUsage;
  } catch (const UsageError& error) {
    fmt::print(stderr, "longhaul: {}\n", error.what());
    return kUsage;
  } catch (const RequestRefused& error) {
    fmt::print(stderr, "longhaul: {}\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "longhaul: {}\n", error.what());
    return kError;
  }
}
