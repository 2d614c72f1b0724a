// SPDX-License-Identifier: GPL-2.0-only
//
// `longhaul top`: the standing testbed on one screen, again and again.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "scenarios/cli/command_line.h"
#include "scenarios/cli/standing.h"
#include "scenarios/interrupt.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kNarrowest = 20;

// Names may have accents; a cut in the middle of one would leave half a character.
std::string cut(std::string line, std::size_t columns) {
  std::size_t width = 0, at = 0;
  while (at < line.size()) {
    const bool continues = (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80;
    if (!continues && width++ == columns) break;
    ++at;
  }
  return line.substr(0, at);
}

std::string direction_line(const Json& direction) {
  const Json &last = direction["last_second"], &late = direction["lateness"];
  const auto cause = last["drop_cause"].get<std::string>();
  const bool dark = !direction["settings"]["up"].get<bool>();
  return fmt::format(
      "{:<20} {:>11} {:>11} {:>6.1f} {:>11} {:>6.1f} {:>9.0f} {:<14} {:>8.0f} {:>8} {:>9} {:>7}",
      direction_name(direction) + (dark ? "*" : ""), si_text(last["in_bps"].get<double>(), "bit/s"),
      si_text(last["out_bps"].get<double>(), "bit/s"), 100 * last["load"].get<double>(),
      direction["queue_bytes"].get<std::uint64_t>(), 100 * direction["fill"].get<double>(),
      last["drops_per_s"].get<double>(), cause.empty() ? "-" : cause, last["marks_per_s"].get<double>(),
      direction["held"]["frames"].get<std::uint64_t>(),
      late.is_null() ? "-" : fmt::format("{:.1f}", late["p99_us"].get<double>()),
      direction["changes"].get<std::uint64_t>());
}

std::string port_line(const Json& port) {
  std::uint64_t lost = 0;
  for (const auto& [place, frames] : port["losses"].items()) {
    if (!place.starts_with("unseen_")) lost += frames.get<std::uint64_t>();
  }
  return fmt::format("{:<20} {:>11} {:>11} {:>12} {:>12} {:>8}", port["host"].get<std::string>(),
                     si_text(port["last_second"]["rx_bps"].get<double>(), "bit/s"),
                     si_text(port["last_second"]["tx_bps"].get<double>(), "bit/s"),
                     port["rx_frames"].get<std::uint64_t>(), port["tx_frames"].get<std::uint64_t>(), lost);
}

// The terminal as it was before, whatever ends this.
class Screen {
 public:
  Screen() {
    struct sigaction wake {};
    wake.sa_handler = [](int) {};  // a new size ends the wait for the next refresh
    sigaction(SIGWINCH, &wake, nullptr);
    if (tcgetattr(STDIN_FILENO, &before_) == 0) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      keys_ = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
    }
    fmt::print("\033[?1049h\033[?25l");  // a screen of its own, no cursor
  }
  ~Screen() {
    fmt::print("\033[?25h\033[?1049l");
    std::fflush(stdout);
    if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void draw(const Json& view) const {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size = {24, 80, 0, 0};
    std::vector<std::string> lines = top_lines(view, std::max<std::size_t>(size.ws_col, kNarrowest));
    const std::size_t room = std::max<std::size_t>(size.ws_row, 2) - 1;
    if (lines.size() > room) lines.resize(room);
    std::string text = "\033[H";
    for (const std::string& line : lines) text += line + "\033[K\n";
    fmt::print("{}\033[J", text);
    std::fflush(stdout);
  }

  // Waits so long; true when somebody pressed q.
  bool wait(Clock::time_point until) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      if (left.count() <= 0) return false;
      pollfd keys{keys_ ? STDIN_FILENO : -1, POLLIN, 0};
      const int ready = poll(&keys, 1, static_cast<int>(left.count()));
      check_interrupt();
      if (ready <= 0) return false;
      char key = 0;
      if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q') return true;
    }
  }

 private:
  termios before_{};
  bool keys_ = false;
};

std::chrono::milliseconds interval_of(const Invocation& invocation) {
  const std::string text = invocation.text("interval");
  try {
    const Duration interval = topology::parse_duration(text);
    if (interval >= Duration::milliseconds(100) && interval <= Duration::seconds(60)) {
      return std::chrono::milliseconds(interval.ns() / 1'000'000);
    }
  } catch (const topology::QuantityError&) {  // said below
  }
  throw UsageError(fmt::format("--interval {}: allowed is a time from 100 ms to 60 s", text));
}

int run_top(const Invocation& invocation) {
  const std::chrono::milliseconds interval = interval_of(invocation);
  ControlClient testbed = connect_to_testbed();
  const Json request{{"command", "show"}};
  if (invocation.has("once")) {
    constexpr std::size_t kAnyWidth = 1'000;
    for (const std::string& line : top_lines(testbed.ask(request), kAnyWidth)) fmt::print("{}\n", line);
    return kValid;
  }
  if (isatty(STDOUT_FILENO) != 1) throw UsageError("standard output is not a terminal; use --once");
  try {
    const Screen screen;
    while (true) {
      const Clock::time_point next = Clock::now() + interval;
      screen.draw(testbed.ask(request));
      if (screen.wait(next)) return kValid;
    }
  } catch (const Interrupted&) {
    return kValid;  // that is how it is ended
  }
}

}  // namespace

std::vector<std::string> top_lines(const Json& view, std::size_t columns) {
  std::vector<std::string> lines{
      fmt::format("{}: up {:.0f} s, {} live changes, lost by the emulator: {} frames",
                  view["run"].get<std::string>(), view["uptime_s"].get<double>(),
                  view["live_changes"].get<std::uint64_t>(), view["emulator_losses"].get<std::uint64_t>())};
  lines.emplace_back();
  lines.push_back(fmt::format("{:<20} {:>11} {:>11} {:>6} {:>11} {:>6} {:>9} {:<14} {:>8} {:>8} {:>9} {:>7}",
                              "link", "in", "out", "load %", "queue (B)", "fill %", "drops/s", "mainly",
                              "marks/s", "held", "late P99", "changes"));
  for (const Json& direction : view["directions"]) lines.push_back(direction_line(direction));
  lines.emplace_back();
  lines.push_back(fmt::format("{:<20} {:>11} {:>11} {:>12} {:>12} {:>8}", "host", "from", "to", "frames from",
                              "frames to", "lost"));
  for (const Json& port : view["ports"]) lines.push_back(port_line(port));
  lines.emplace_back();
  lines.push_back(
      fmt::format("{:<20} {:>11} {:>11} {:>12} {:>12}", "lcore", "turns/s", "busy %", "gaps", "gaps/s"));
  std::size_t number = 0;
  for (const Json& lcore : view["lcores"]) {
    lines.push_back(fmt::format(
        "{:<20} {:>11.0f} {:>11.1f} {:>12} {:>12.0f}",
        fmt::format("{} on CPU {}", number++, lcore["cpu"].get<unsigned>()),
        lcore["last_second"]["turns_per_s"].get<double>(), 100 * lcore["last_second"]["busy"].get<double>(),
        lcore["gaps"].get<std::uint64_t>(), lcore["last_second"]["gaps_per_s"].get<double>()));
  }
  for (std::string& line : lines) line = cut(std::move(line), columns);
  return lines;
}

Subcommand top_command_line() {
  Subcommand command{"top",
                     "",
                     "watch the standing testbed: rates, queues, drops, lateness (q ends it)",
                     "  longhaul top\n  longhaul top --interval '500 ms'\n  longhaul top --once\n",
                     po::options_description("Options"),
                     {},
                     run_top};
  command.options.add_options()("interval",
                                po::value<std::string>()->default_value("1 s")->value_name("TIME"),
                                "between two looks")("once", "print it once and end");
  return command;
}

}  // namespace longhaul::scenario
