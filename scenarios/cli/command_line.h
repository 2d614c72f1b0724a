// SPDX-License-Identifier: GPL-2.0-only
//
// The `longhaul` command: what its subcommands share. Reads the command line only; files are read by
// scenarios/load.h and topologies/load.h.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/library.h"
#include "topologies/overrides.h"

namespace longhaul::scenario {

// Exit statuses; documented in --help and README.md.
enum Exit : int {
  kValid = 0,     // done; a run is VALID
  kError = 1,     // could not be done: the reason is on standard error
  kUsage = 2,     // bad command line or bad file
  kDegraded = 3,  // the run is DEGRADED
  kInvalid = 4,   // the run is INVALID
};                // 128 + signal: interrupted

// A command line that makes no sense.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Invocation {
  boost::program_options::variables_map values;
  std::vector<std::string> trailing;  // after `--`
  std::vector<std::string> command_line;
  Library library;

  bool has(const char* name) const { return values.count(name) != 0; }
  std::string text(const char* name) const { return values[name].as<std::string>(); }
  // Not by Boost, which takes -1 for the largest number. Throws UsageError.
  std::uint64_t whole_number(const char* name, std::uint64_t most) const;
  // Whole numbers separated by commas. Throws UsageError.
  std::vector<unsigned> numbers(const char* name, unsigned most) const;
  std::vector<topology::Override> overrides() const;
};

inline constexpr unsigned kMostCpu = 1'023;  // the largest number of a CPU that a command line may name

struct Subcommand {
  std::string name;       // of one word, or of two: "hook test"
  std::string arguments;  // for the usage line, e.g. "SCENARIO"
  std::string summary;    // one line
  std::string examples;   // shown by --help
  boost::program_options::options_description options;
  boost::program_options::positional_options_description positional;
  std::function<int(const Invocation&)> action;  // returns the exit status
};

// One per subcommand; up and hook exist only where the data plane was built.
Subcommand run_command_line();
Subcommand check_command_line();
Subcommand up_command_line();
Subcommand exec_command_line();
Subcommand status_command_line();
Subcommand show_command_line();
Subcommand set_command_line();
Subcommand event_command_line();
Subcommand top_command_line();
Subcommand capture_command_line();
Subcommand hook_test_command_line();
Subcommand hook_swap_command_line();
Subcommand doctor_command_line();
Subcommand clean_command_line();
Subcommand list_command_line();
Subcommand topology_import_command_line();
Subcommand topology_export_command_line();
Subcommand topology_generate_command_line();

// Where the shipped library is: beside the installed program, or in the source tree that it was built from.
Library shipped_library();
// The rank program that belongs to this one.
std::filesystem::path rank_program();
// Where the object files of the hooks are that it ships.
std::filesystem::path hook_directory();
std::string version();
std::string revision();

}  // namespace longhaul::scenario
