// SPDX-License-Identifier: GPL-2.0-only
//
// Subcommands that look at a standing testbed and change it: status, show, set, event.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "scenarios/cli/command_line.h"
#include "scenarios/cli/standing.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

Json ask(const Json& request) {
  return connect_to_testbed().ask(request);
}

void print_status(const Json& status) {
  fmt::print("{}: up {:.1f} s\n\n", status["run"].get<std::string>(), status["uptime_s"].get<double>());
  fmt::print("{:<12} {:<32} {:>12} {:>12} {:>10} {:>8} {:>12}\n", "link", "direction", "in", "out", "dropped",
             "held", "queue (B)");
  for (const Json& direction : status["directions"]) {
    fmt::print("{:<12} {:<32} {:>12} {:>12} {:>10} {:>8} {:>12}\n", direction["link"].get<std::string>(),
               direction["from"].get<std::string>() + " -> " + direction["to"].get<std::string>(),
               direction["in"]["frames"].get<std::uint64_t>(),
               direction["out"]["frames"].get<std::uint64_t>(), dropped_frames(direction),
               direction["held"]["frames"].get<std::uint64_t>(),
               direction["queue_bytes"].get<std::uint64_t>());
  }
  fmt::print("\n{:<16} {:<16} {:>14} {:>14}\n", "host", "address", "frames from", "frames to");
  for (const Json& port : status["ports"]) {
    fmt::print("{:<16} {:<16} {:>14} {:>14}\n", port["host"].get<std::string>(),
               port["address"].get<std::string>(), port["rx_frames"].get<std::uint64_t>(),
               port["tx_frames"].get<std::uint64_t>());
  }
}

int show_status(const Invocation& invocation) {
  const Json status = ask({{"command", "show"}});
  if (invocation.has("json")) {
    fmt::print("{}\n", status.dump(2));
  } else {
    print_status(status);
  }
  return kValid;
}

// " (queue_full 3, outage 1)"; empty when all are 0.
std::string by_cause(const Json& causes) {
  std::string text;
  for (const auto& [cause, tally] : causes.items()) {
    const auto frames = tally["frames"].get<std::uint64_t>();
    if (frames != 0) text += fmt::format("{}{} {}", text.empty() ? " (" : ", ", cause, frames);
  }
  return text.empty() ? text : text + ")";
}

std::uint64_t frames_of(const Json& causes) {
  std::uint64_t frames = 0;
  for (const Json& tally : causes) frames += tally["frames"].get<std::uint64_t>();
  return frames;
}

// "3, 0, 7" without the zeros at the end; empty when all are.
std::string up_to_last(const std::vector<std::uint64_t>& counts) {
  std::size_t size = counts.size();
  while (size > 0 && counts[size - 1] == 0) --size;
  return fmt::format("{}",
                     fmt::join(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(size), ", "));
}

void print_hook(const Json& hook) {
  std::vector<std::uint64_t> dropped;
  for (const Json& cause : hook["dropped_by_cause"]) dropped.push_back(cause["frames"].get<std::uint64_t>());
  const std::string by_cause = up_to_last(dropped);
  const std::string counted = up_to_last(hook["counted"].get<std::vector<std::uint64_t>>());
  fmt::print("  hook      {} {}: met {}, passed {}, dropped {}{}, delayed {}, marked {}{}{}\n",
             hook["place"].get<std::string>(), hook["program"].get<std::string>(),
             hook["met"]["frames"].get<std::uint64_t>(), hook["passed"]["frames"].get<std::uint64_t>(),
             std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0}),
             by_cause.empty() ? "" : fmt::format(" (by cause: {})", by_cause),
             hook["frames_delayed"].get<std::uint64_t>(), hook["frames_marked"].get<std::uint64_t>(),
             counted.empty() ? "" : fmt::format(", counted {}", counted),
             hook["conserved"].get<bool>() ? "" : ", NOT CONSERVED");
}

void print_direction(const Json& direction) {
  const Json &settings = direction["settings"], &last = direction["last_second"];
  fmt::print("\n{}: {} -> {}\n", direction_name(direction), direction["from"].get<std::string>(),
             direction["to"].get<std::string>());
  fmt::print("  now       {}, delay {:.6g} ms, {}, buffer {}{}{}; {} live changes\n",
             topology::to_text(BitRate::bits_per_second(settings["rate_bps"].get<std::uint64_t>())),
             settings["delay_ms"].get<double>(),
             settings["loss"].is_null() ? "loss by a model"
                                        : fmt::format("loss {:g}", settings["loss"].get<double>()),
             topology::to_text(Bytes(settings["buffer_bytes"].get<std::uint64_t>())),
             settings["up"].get<bool>() ? "" : ", DARK",
             settings["blackhole"].get<bool>() ? ", BLACK HOLE" : "",
             direction["changes"].get<std::uint64_t>());
  fmt::print("  last 1 s  in {}, {:.1f} % of the rate, out {}, dropped {:.6g}/s, marked {:.6g}/s\n",
             si_text(last["in_bps"].get<double>(), "bit/s"), 100 * last["load"].get<double>(),
             si_text(last["out_bps"].get<double>(), "bit/s"), last["drops_per_s"].get<double>(),
             last["marks_per_s"].get<double>());
  fmt::print("  frames    in {}, out {}, dropped {}{}, marked {}{}, held {}{}\n",
             direction["in"]["frames"].get<std::uint64_t>(), direction["out"]["frames"].get<std::uint64_t>(),
             dropped_frames(direction), by_cause(direction["dropped"]), frames_of(direction["marked"]),
             by_cause(direction["marked"]), direction["held"]["frames"].get<std::uint64_t>(),
             direction["conserved"].get<bool>() ? "" : ", NOT CONSERVED");
  fmt::print("  queue     {} B, {:.1f} % full, peak {} B\n", direction["queue_bytes"].get<std::uint64_t>(),
             100 * direction["fill"].get<double>(), direction["queue_peak_bytes"].get<std::uint64_t>());
  const Json& others = direction["background"];
  if (const double left = others["share_left"].get<double>(); left < 1) {
    fmt::print(
        "  others    leave {:.1f} % of the rate, frames wait {:.1f} us behind them, loss {:.3g}, mark "
        "{:.3g}\n",
        100 * left, others["wait_us"].get<double>(), others["loss"].get<double>(),
        others["mark"].get<double>());
  }
  for (const Json& hook : direction["hooks"]) print_hook(hook);
  const Json& late = direction["lateness"];
  if (!late.is_null()) {
    fmt::print("  lateness  P50 {:.1f} us, P99 {:.1f} us, max {:.1f} us\n", late["p50_us"].get<double>(),
               late["p99_us"].get<double>(), late["max_us"].get<double>());
  }
}

void print_ports(const Json& view) {
  fmt::print("\n{:<16} {:<16} {:>14} {:>14} {:>14} {:>14}  {}\n", "host", "address", "frames from",
             "frames to", "from, last 1 s", "to, last 1 s", "lost by the emulator");
  for (const Json& port : view["ports"]) {
    std::string lost;
    if (port["gone"].get<bool>()) lost = "its interface was DELETED";
    for (const auto& [place, frames] : port["losses"].items()) {
      const auto count = frames.get<std::uint64_t>();
      if (count != 0 && !place.starts_with("unseen_")) {
        lost += fmt::format("{}{} {}", lost.empty() ? "" : ", ", place, count);
      }
    }
    fmt::print("{:<16} {:<16} {:>14} {:>14} {:>14} {:>14}  {}\n", port["host"].get<std::string>(),
               port["address"].get<std::string>(), port["rx_frames"].get<std::uint64_t>(),
               port["tx_frames"].get<std::uint64_t>(),
               si_text(port["last_second"]["rx_bps"].get<double>(), "bit/s"),
               si_text(port["last_second"]["tx_bps"].get<double>(), "bit/s"), lost.empty() ? "none" : lost);
  }
}

void print_steering(const Json& view) {
  for (const Json& port : view["ports"]) {
    std::string line;
    for (const auto& [outcome, frames] : port["steering"].items())
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", outcome, frames.get<std::uint64_t>());
    if (!line.empty()) fmt::print("\nframes of {}'s interface: {}\n", port["host"].get<std::string>(), line);
  }
}

void print_lcores(const Json& view) {
  fmt::print("\n{:<8} {:<6} {:>12} {:>8} {:>10} {:>12} {:>18}\n", "lcore", "CPU", "turns/s", "busy %", "gaps",
             "gaps (ms)", "longest turn (us)");
  std::size_t number = 0;
  for (const Json& lcore : view["lcores"]) {
    fmt::print("{:<8} {:<6} {:>12.0f} {:>8.1f} {:>10} {:>12.3f} {:>18.1f}\n", number++,
               lcore["cpu"].get<unsigned>(), lcore["last_second"]["turns_per_s"].get<double>(),
               100 * lcore["last_second"]["busy"].get<double>(), lcore["gaps"].get<std::uint64_t>(),
               lcore["gap_time_us"].get<double>() / 1e3, lcore["longest_turn_us"].get<double>());
  }
}

int show(const Invocation& invocation) {
  Json request{{"command", "show"}};
  const bool one_link = invocation.has("link");
  if (one_link) request["link"] = invocation.text("link");
  const Json view = ask(request);
  if (invocation.has("json")) {
    fmt::print("{}\n", view.dump(2));
    return kValid;
  }
  fmt::print("{}: up {:.1f} s, {} live changes, lost by the emulator: {} frames\n",
             view["run"].get<std::string>(), view["uptime_s"].get<double>(),
             view["live_changes"].get<std::uint64_t>(), view["emulator_losses"].get<std::uint64_t>());
  for (const Json& direction : view["directions"]) print_direction(direction);
  if (one_link) return kValid;
  print_ports(view);
  print_steering(view);
  print_lcores(view);
  const auto telemetry = view["telemetry_socket"].get<std::string>();
  if (!telemetry.empty()) fmt::print("\nDPDK telemetry: {}\n", telemetry);
  return kValid;
}

int change(const Invocation& invocation, const char* command) {
  std::vector<std::string> words;
  if (invocation.has("words")) words = invocation.values["words"].as<std::vector<std::string>>();
  const Json done = ask({{"command", command}, {"link", invocation.text("link")}, {"words", words}});
  fmt::print("{}\n", done["text"].get<std::string>());
  return kValid;
}

Subcommand changing(const char* name, const char* arguments, const char* summary, const char* examples,
                    const char* word, const char* meaning) {
  Subcommand command{name,
                     arguments,
                     summary,
                     examples,
                     po::options_description("Options"),
                     {},
                     [name](const Invocation& invocation) { return change(invocation, name); }};
  command.options.add_options()("link", po::value<std::string>()->required()->value_name("LINK"),
                                "the link, with :forward or :reverse for one direction of it")(
      "words", po::value<std::vector<std::string>>()->value_name(word), meaning);
  command.positional.add("link", 1).add("words", -1);
  return command;
}

}  // namespace

Subcommand status_command_line() {
  Subcommand command{"status",
                     "",
                     "show the counters of the standing testbed",
                     "  longhaul status\n  longhaul status --json | jq '.directions[].queue_bytes'\n",
                     po::options_description("Options"),
                     {},
                     show_status};
  command.options.add_options()("json", "print JSON");
  return command;
}

Subcommand show_command_line() {
  Subcommand command{"show",
                     "[LINK]",
                     "show links as they are now, ports and lcores of the standing testbed",
                     "  longhaul show\n"
                     "  longhaul show wan:forward\n"
                     "  longhaul show --json | jq '.directions[].settings'\n",
                     po::options_description("Options"),
                     {},
                     show};
  command.options.add_options()("link", po::value<std::string>()->value_name("LINK"),
                                "only this link, or with :forward or :reverse one direction of it")(
      "json", "print JSON");
  command.positional.add("link", 1);
  return command;
}

Subcommand set_command_line() {
  return changing("set", "LINK[:forward|:reverse] KEY=VALUE...", "change a link of the standing testbed",
                  "  longhaul set wan rate='100 Mbit/s' delay='20 ms'\n"
                  "  longhaul set wan:forward loss=1e-4\n"
                  "  longhaul set wan up=false\n",
                  "KEY=VALUE", "rate, delay, loss, buffer, up, blackhole; all at once or none");
}

Subcommand event_command_line() {
  return changing("event", "LINK[:forward|:reverse] KIND=VALUE...",
                  "make something happen to a link of the standing testbed",
                  "  longhaul event wan outage='50 ms'\n"
                  "  longhaul event wan:forward burst=10\n"
                  "  longhaul event wan protection_switch='{ outage: 50 ms, delay: 8 ms }'\n",
                  "KIND=VALUE", "an entry of a link's timeline, which begins at once");
}

}  // namespace longhaul::scenario
