// SPDX-License-Identifier: GPL-2.0-only
//
// `longhaul topology import`, `export` and `generate`: topologies from and to the files of other tools, and
// of regular shapes. They need no privilege and no data plane.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "scenarios/cli/command_line.h"
#include "topologies/bounds.h"
#include "topologies/config_error.h"
#include "topologies/data_file.h"
#include "topologies/exchange/dot.h"
#include "topologies/exchange/flows.h"
#include "topologies/exchange/generate.h"
#include "topologies/exchange/import.h"
#include "topologies/load.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

void write_file(const std::string& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw std::runtime_error(fmt::format("cannot write {}: {}", file, std::strerror(errno)));
}

// To the file of --out, else to standard output.
void put(const Invocation& invocation, const std::string& text) {
  if (invocation.has("out")) {
    write_file(invocation.text("out"), text);
  } else {
    std::fputs(text.c_str(), stdout);
  }
}

std::string whole_file(const std::string& file) {
  const std::string text = topology::read_text(file, topology::limits::kLargestDataFile);
  if (text.size() > topology::limits::kLargestDataFile) {
    throw topology::ConfigError(fmt::format("{}: larger than {}, allowed: up to that", file,
                                            topology::to_text(Bytes(topology::limits::kLargestDataFile))));
  }
  return text;
}

topology::ImportFormat format_of(const Invocation& invocation, const std::string& file,
                                 const std::string& text) {
  if (invocation.has("format")) return topology::parse_format(invocation.text("format"));
  if (const auto guessed = topology::guess_format(file, text)) return *guessed;
  throw UsageError(
      fmt::format("{}: neither its name nor its beginning tells what it is, allowed: --format hpcc, "
                  "graphml or containerlab",
                  file));
}

template <typename Parse>
auto quantity(const Invocation& invocation, const char* name, Parse parse) {
  std::optional<decltype(parse(std::string_view()))> value;
  if (!invocation.has(name)) return value;
  try {
    value = parse(invocation.text(name));
  } catch (const topology::QuantityError& error) {
    throw UsageError(fmt::format("--{}: {}", name, error.what()));
  }
  return value;
}

topology::ImportOptions import_options(const Invocation& invocation) {
  namespace limits = topology::limits;
  topology::ImportOptions options;
  if (invocation.has("name")) options.name = invocation.text("name");
  options.rate = quantity(invocation, "rate", topology::parse_rate);
  options.delay = quantity(invocation, "delay", topology::parse_duration);
  if (options.rate && (*options.rate < limits::kLeastRate || *options.rate > limits::kMostRate)) {
    throw UsageError(fmt::format("--rate {}: allowed: {} to {}", topology::to_text(*options.rate),
                                 topology::to_text(limits::kLeastRate),
                                 topology::to_text(limits::kMostRate)));
  }
  if (options.delay && *options.delay > limits::kLongestDelay) {
    throw UsageError(fmt::format("--delay {}: allowed: 0 s to {}", topology::to_text(*options.delay),
                                 topology::to_text(limits::kLongestDelay)));
  }
  return options;
}

int import_file(const Invocation& invocation) {
  const std::string file = invocation.text("file"), text = whole_file(file);
  const topology::ImportFormat format = format_of(invocation, file, text);
  if (invocation.has("flows") != invocation.has("flows-out")) {
    throw UsageError("--flows and --flows-out: allowed: both or none");
  }
  if (invocation.has("flows") && format != topology::ImportFormat::kHpcc) {
    throw UsageError(
        fmt::format("--flows: does not go with {}, allowed: with hpcc", topology::to_text(format)));
  }
  const topology::Import made = topology::import_topology(text, file, format, import_options(invocation));
  std::string report = fmt::format("{}: {}\n{}", file, topology::to_text(format), made.report.text("  "));
  if (invocation.has("flows")) {
    const std::string flow_file = invocation.text("flows");
    const topology::Flows flows = topology::import_flows(whole_file(flow_file), flow_file, made.hosts);
    report += fmt::format("{}: flows\n{}", flow_file, flows.report.text("  "));
    write_file(invocation.text("flows-out"), topology::flows_csv(flows.flows));
  }
  put(invocation, made.yaml);
  std::fputs(report.c_str(), invocation.has("out") ? stdout : stderr);
  return kValid;
}

int export_topology(const Invocation& invocation) {
  if (invocation.text("format") != "dot") {
    throw UsageError(fmt::format("--format {}: allowed: dot", invocation.text("format")));
  }
  const auto file = find_topology(invocation.library, invocation.text("topology"));
  put(invocation, topology::to_dot(topology::load(file, invocation.overrides())));
  return kValid;
}

int generate_topology(const Invocation& invocation) {
  std::vector<std::string> settings;
  if (invocation.has("setting")) settings = invocation.values["setting"].as<std::vector<std::string>>();
  put(invocation, topology::generate(invocation.text("kind"), settings).yaml);
  return kValid;
}

Subcommand command(std::string name, std::string arguments, std::string summary, std::string examples,
                   std::function<int(const Invocation&)> action) {
  Subcommand command{std::move(name),
                     std::move(arguments),
                     std::move(summary),
                     std::move(examples),
                     po::options_description("Options"),
                     {},
                     std::move(action)};
  command.options.add_options()("out", po::value<std::string>()->value_name("FILE"),
                                "write there (default: standard output)");
  return command;
}

}  // namespace

Subcommand topology_import_command_line() {
  Subcommand made =
      command("topology import", "FILE", "make a topology of another tool's file, and say what became of it",
              "  longhaul topology import fat.txt --out fat.yaml\n"
              "  longhaul topology import fat.txt --flows flow.txt --flows-out flows.csv --out fat.yaml\n"
              "  longhaul topology import Abilene.graphml --rate '10 Gbit/s' --out abilene.yaml\n"
              "  longhaul topology import lab.clab.yml --rate '1 Gbit/s' --delay '5 ms' --out lab.yaml\n",
              import_file);
  made.options.add_options()("file", po::value<std::string>()->required()->value_name("FILE"),
                             "what to convert")(
      "format", po::value<std::string>()->value_name("FORMAT"),
      "hpcc, graphml or containerlab (default: by the file's name and beginning)")(
      "name", po::value<std::string>()->value_name("NAME"), "of the topology (default: the file's)")(
      "rate", po::value<std::string>()->value_name("RATE"), "of links of which the file does not say it")(
      "delay", po::value<std::string>()->value_name("TIME"), "likewise")(
      "flows", po::value<std::string>()->value_name("FILE"), "hpcc: the flow file that goes with it")(
      "flows-out", po::value<std::string>()->value_name("FILE"), "where its flows are written, as CSV");
  made.positional.add("file", 1);
  return made;
}

Subcommand topology_export_command_line() {
  Subcommand made = command(
      "topology export", "TOPOLOGY --format dot", "write a topology for Graphviz to draw",
      "  longhaul topology export three-site-ring --format dot | dot -Tsvg > ring.svg\n", export_topology);
  made.options.add_options()("topology", po::value<std::string>()->required()->value_name("TOPOLOGY"),
                             "a file, or a name that `longhaul list` shows")(
      "format", po::value<std::string>()->required()->value_name("FORMAT"), "dot")(
      "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
      "change one value of the file; may be repeated");
  made.positional.add("topology", 1);
  return made;
}

Subcommand topology_generate_command_line() {
  Subcommand made =
      command("topology generate", "KIND [PARAMETER=VALUE]...", "make a topology of a regular shape",
              "  longhaul topology generate fat-tree k=6 rate='400 Gbit/s' --out fat-tree.yaml\n"
              "  longhaul topology generate hub sites=50 --out hub.yaml && longhaul check ./hub.yaml\n\n"
              "Kinds, with parameters, defaults and what is allowed:\n" +
                  topology::generators_text(),
              generate_topology);
  made.options.add_options()("kind", po::value<std::string>()->required()->value_name("KIND"),
                             "one of those below")(
      "setting", po::value<std::vector<std::string>>()->value_name("PARAMETER=VALUE"), "as below");
  made.positional.add("kind", 1).add("setting", -1);
  return made;
}

}  // namespace longhaul::scenario
