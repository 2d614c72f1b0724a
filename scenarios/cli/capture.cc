// SPDX-License-Identifier: GPL-2.0-only
//
// `longhaul capture`: frames of a link into a file, written by the testbed until this command ends.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "scenarios/cli/command_line.h"
#include "scenarios/cli/standing.h"
#include "scenarios/interrupt.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

template <typename Parse>
auto quantity(const Invocation& invocation, const char* name, Parse&& parse) {
  try {
    return parse(invocation.text(name));
  } catch (const topology::QuantityError& error) {
    throw UsageError(fmt::format("--{}: {}", name, error.what()));
  }
}

std::string summary(const std::string& file, const Json& counts) {
  std::string text = fmt::format(
      "{}: {} records, {}; of {} frames that entered {} were captured, {} did not pass the filter, {} "
      "records "
      "found no room",
      file, counts["records"].get<std::uint64_t>(), si_text(counts["bytes"].get<double>(), "B"),
      counts["seen"].get<std::uint64_t>(), counts["captured"].get<std::uint64_t>(),
      counts["filtered_out"].get<std::uint64_t>(), counts["dropped_by_capture"].get<std::uint64_t>());
  const auto left_out = counts["left_out"].get<std::uint64_t>();
  if (left_out > 0) text += fmt::format(", {} came after the file was full", left_out);
  return text;
}

bool ended(const Json& counts) {
  return counts["left_out"].get<std::uint64_t>() > 0 || !counts["failure"].get<std::string>().empty();
}

int run_capture(const Invocation& invocation) {
  const std::filesystem::path file = std::filesystem::absolute(invocation.text("write"));
  Json request{{"command", "capture_start"}, {"link", invocation.text("link")}, {"file", file.string()}};
  if (invocation.has("filter")) request["filter"] = invocation.text("filter");
  if (invocation.has("snap")) request["snap"] = invocation.whole_number("snap", 0xFFFF'FFFF);
  if (invocation.has("limit")) {
    request["limit_bytes"] = quantity(invocation, "limit", topology::parse_size).count();
  }
  std::optional<Clock::time_point> end;
  if (invocation.has("duration")) {
    end = Clock::now() +
          std::chrono::nanoseconds(quantity(invocation, "duration", topology::parse_duration).ns());
  }
  ControlClient testbed = connect_to_testbed();
  Json counts = testbed.ask(request);
  fmt::print(stderr, "capturing {} into {}; Ctrl-C ends it\n", invocation.text("link"), file.string());
  try {
    while (!ended(counts) && (!end || Clock::now() < *end)) {
      check_interrupt();
      constexpr std::chrono::milliseconds kBetweenLooks{100};
      std::chrono::milliseconds wait = kBetweenLooks;
      if (end) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*end - Clock::now()));
      poll(nullptr, 0, static_cast<int>(std::max<std::int64_t>(wait.count(), 0)));
      counts = testbed.ask({{"command", "capture_counts"}});
    }
  } catch (const Interrupted&) {  // the ordinary end
  }
  counts = testbed.ask({{"command", "capture_stop"}});
  fmt::print("{}\n", summary(file.string(), counts));
  const auto failure = counts["failure"].get<std::string>();
  if (!failure.empty()) throw std::runtime_error(failure);
  return kValid;
}

}  // namespace

Subcommand capture_command_line() {
  Subcommand command{"capture",
                     "LINK[:forward|:reverse]",
                     "write frames of a link with the times at which they entered and left to a pcapng file",
                     "  longhaul capture wan --write wan.pcapng --duration '5 s'\n"
                     "  longhaul capture wan:forward --write tcp.pcapng --filter 'tcp port 5201' --snap 96\n"
                     "  longhaul capture wan --write wan.pcapng --limit '100 MB'\n",
                     po::options_description("Options"),
                     {},
                     run_capture};
  command.options.add_options()("link", po::value<std::string>()->required()->value_name("LINK"),
                                "the link, with :forward or :reverse for one direction of it")(
      "write", po::value<std::string>()->required()->value_name("FILE"), "the file, which is replaced")(
      "filter", po::value<std::string>()->value_name("EXPR"),
      "which frames, in libpcap's words (default: all)")(
      "snap", po::value<std::string>()->value_name("BYTES"), "bytes kept of each frame (default: 128)")(
      "limit", po::value<std::string>()->value_name("SIZE"), "end when the file would grow beyond this")(
      "duration", po::value<std::string>()->value_name("TIME"), "end after this time");
  command.positional.add("link", 1);
  return command;
}

}  // namespace longhaul::scenario
