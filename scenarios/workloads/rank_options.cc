// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_options.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <charconv>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "scenarios/workloads/verification.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;

// Gloo's older algorithms count elements and bytes in an int.
constexpr std::uint64_t kLargestSize = std::numeric_limits<std::int32_t>::max() & ~3;

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    throw std::runtime_error(
        fmt::format("--{}: '{}' is not a whole number from {} to {}", option, text, least, most));
  }
  return value;
}

std::vector<std::uint64_t> parse_sizes(std::string_view text) {
  std::vector<std::uint64_t> sizes;
  while (true) {
    const std::size_t comma = text.find(',');
    sizes.push_back(number("sizes", text.substr(0, comma), sizeof(float), kLargestSize));
    if (sizes.back() % sizeof(float) != 0) {
      throw std::runtime_error(fmt::format("--sizes: {} is not a multiple of 4", sizes.back()));
    }
    if (comma == std::string_view::npos) return sizes;
    text.remove_prefix(comma + 1);
  }
}

Algorithm parse_algorithm(std::string_view text) {
  if (text == "ring") return Algorithm::kRing;
  if (text == "halving-doubling") return Algorithm::kHalvingDoubling;
  throw std::runtime_error(fmt::format("--algorithm: '{}' is not ring or halving-doubling", text));
}

po::options_description describe() {
  po::options_description all(
      "longhaul-rank: one rank of an all-reduce over TCP (Gloo); longhaul starts one per host.\n"
      "It reports on standard output, one JSON object per line");
  const auto text = [] { return po::value<std::string>()->required(); };
  all.add_options()("help", "print this and exit");
  all.add_options()("rank", text(), "this rank, from 0");
  all.add_options()("size", text(), "number of ranks");
  all.add_options()("interface", text(), "network interface whose IPv4 address is used");
  all.add_options()("store", text(), "existing directory that all ranks see, for the rendezvous");
  all.add_options()("run-id", text(), "name of the run, new in that directory");
  all.add_options()("algorithm", text(), "ring or halving-doubling");
  all.add_options()("sizes", text(), "bytes per rank, e.g. 4096,65536; each a multiple of 4");
  all.add_options()("warmup", text(), "checked iterations before the timed ones");
  all.add_options()("iterations", text(), "timed iterations per size");
  all.add_options()("timeout-ms", text(), "of the rendezvous and of each collective");
  return all;
}

}  // namespace

std::optional<RankOptions> parse_rank_options(int argc, const char* const* argv) {
  const po::options_description description = describe();
  po::variables_map given;
  po::store(po::command_line_parser(argc, argv).options(description).positional({}).run(), given);
  if (given.count("help") != 0) {
    std::cout << description;
    return std::nullopt;
  }
  po::notify(given);
  const auto text = [&](const char* name) { return given[name].as<std::string>(); };
  const auto natural = [&](const char* name, std::uint64_t least, std::uint64_t most) {
    return number(name, text(name), least, most);
  };
  constexpr std::uint64_t kMostIterations = 1'000'000;
  constexpr std::uint64_t kDayMs = 86'400'000;
  RankOptions options;
  options.ranks = natural("size", 2, kMaxRanks);
  options.rank = natural("rank", 0, options.ranks - 1);
  options.interface = text("interface");
  options.store = text("store");
  options.run_id = text("run-id");
  options.algorithm = parse_algorithm(text("algorithm"));
  options.sizes = parse_sizes(text("sizes"));
  options.warmup = static_cast<std::uint32_t>(natural("warmup", 0, kMostIterations));
  options.iterations = static_cast<std::uint32_t>(natural("iterations", 1, kMostIterations));
  options.timeout = std::chrono::milliseconds(natural("timeout-ms", 1, kDayMs));
  return options;
}

}  // namespace longhaul::scenario
