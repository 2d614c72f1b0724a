// SPDX-License-Identifier: GPL-2.0-only
//
// `longhaul hook test`: a hook over a capture, without a testbed; `longhaul hook swap`: another program into
// a standing one.
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "results/text_layout.h"
#include "scenarios/cli/command_line.h"
#include "scenarios/cli/standing.h"
#include "scenarios/hook_files.h"
#include "scenarios/hook_trial.h"
#include "scenarios/scratch_directory.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kPlaceNames[] = {"ingress", "egress"};  // by lh_place

fs::path object_file(const Invocation& invocation, ScratchDirectory& scratch) {
  return hook_object(invocation.text("program"), hook_directory(), [&] { return scratch.path(); });
}

std::optional<lh_place> place_option(const Invocation& invocation) {
  if (!invocation.has("place")) return std::nullopt;
  for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
    if (invocation.text("place") == kPlaceNames[place]) return place;
  }
  throw UsageError(fmt::format("--place {}: allowed: ingress, egress", invocation.text("place")));
}

std::vector<std::pair<std::string, std::string>> parameters(const Invocation& invocation) {
  std::vector<std::pair<std::string, std::string>> all;
  if (!invocation.has("set")) return all;
  for (const std::string& text : invocation.values["set"].as<std::vector<std::string>>()) {
    const std::size_t at = text.find('=');
    if (at == std::string::npos || at == 0) {
      throw UsageError(fmt::format("--set {}: allowed: VARIABLE=NUMBER, of a variable of the program", text));
    }
    all.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return all;
}

std::uint64_t corrupt_bit(const core::HookAnswer& answer, const CapturedFrame& frame) {
  return *answer.corrupt_bit % std::max<std::uint64_t>(std::uint64_t{frame.size} * 8, 1);
}

// One thing that was done to a frame: "delay 1.5 us". `order` is its place in the summary.
struct Deed {
  unsigned order = 0;
  std::string name, detail = {};
};

std::vector<Deed> deeds(const core::HookAnswer& answer, const CapturedFrame& frame) {
  if (answer.drop) return {{1U + answer.cause, fmt::format("drop, cause {}", answer.cause)}};
  constexpr unsigned kAfterDrops = 1 + core::kHookCauses;
  std::vector<Deed> all{{0, "pass"}};
  if (answer.mark && !answer.ecn) all.push_back({kAfterDrops, "mark"});
  if (answer.ecn)
    all.push_back({kAfterDrops + 1, "ecn", fmt::format("{}", static_cast<unsigned>(*answer.ecn))});
  if (answer.delay > Duration()) all.push_back({kAfterDrops + 2, "delay", topology::to_text(answer.delay)});
  if (answer.traffic_class)
    all.push_back({kAfterDrops + 3, "class", fmt::format("{}", *answer.traffic_class)});
  if (answer.duplicate) all.push_back({kAfterDrops + 4, "duplicate"});
  if (answer.corrupt_bit)
    all.push_back({kAfterDrops + 5, "corrupt", fmt::format("bit {}", corrupt_bit(answer, frame))});
  if (answer.capture) all.push_back({kAfterDrops + 6, "capture"});
  return all;
}

std::string verdicts_text(std::span<const CapturedFrame> frames, std::span<const core::HookAnswer> answers) {
  results::TextGrid grid(
      {{"frame", ""}, {"time (s)", ""}, {"bytes", ""}, {"verdict", "", results::Align::kLeft}});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    std::string verdict;
    for (const Deed& deed : deeds(answers[i], frames[i])) {
      verdict += (verdict.empty() ? "" : ", ") + deed.name + (deed.detail.empty() ? "" : " " + deed.detail);
    }
    grid.add({fmt::format("{}", i + 1), fmt::format("{:.9f}", frames[i].at.since_zero().to_seconds()),
              fmt::format("{}", frames[i].size), verdict});
  }
  return grid.text();
}

// Each frame is passed or dropped; the rest is told of those that passed.
std::string summary_text(std::span<const CapturedFrame> frames, std::span<const core::HookAnswer> answers) {
  std::map<std::pair<unsigned, std::string>, core::Tally> by_deed;
  core::Tally all;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    all.add(frames[i].size);
    for (const Deed& deed : deeds(answers[i], frames[i]))
      by_deed[{deed.order, deed.name}].add(frames[i].size);
  }
  results::TextGrid grid({{"verdict", "", results::Align::kLeft}, {"frames", ""}, {"bytes", ""}});
  const auto add = [&](const std::string& name, const core::Tally& tally) {
    grid.add({name, fmt::format("{}", tally.frames), fmt::format("{}", tally.bytes)});
  };
  for (const auto& [deed, tally] : by_deed) add(deed.second, tally);
  add("all", all);
  return grid.text();
}

std::string counters_text(const HookTrial& trial) {
  std::string text;
  for (std::size_t i = 0; i < trial.counted.size(); ++i) {
    if (trial.counted[i] != 0) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", i, trial.counted[i]);
  }
  return text.empty() ? "all 0" : text;
}

Json frame_json(std::size_t number, const CapturedFrame& frame, const core::HookAnswer& answer) {
  Json json{{"number", number},
            {"now_ns", frame.at.since_zero().ns()},
            {"bytes", frame.size},
            {"verdict", answer.drop ? "drop" : "pass"}};
  if (answer.drop) json["cause"] = answer.cause;
  if (answer.mark && !answer.ecn) json["mark"] = true;
  if (answer.ecn) json["ecn"] = static_cast<unsigned>(*answer.ecn);
  if (answer.delay > Duration()) json["delay_ns"] = answer.delay.ns();
  if (answer.traffic_class) json["class"] = *answer.traffic_class;
  if (answer.duplicate) json["duplicate"] = true;
  if (answer.corrupt_bit) json["corrupt_bit"] = corrupt_bit(answer, frame);
  if (answer.capture) json["capture"] = true;
  return json;
}

Json trial_json(const std::string& hook, std::span<const CapturedFrame> frames, const HookTrial& trial) {
  Json json{{"hook", hook}, {"program", trial.program}, {"place", kPlaceNames[trial.place]}};
  json["counters"] = trial.counted;
  json["ns_per_frame"] = {{"program", trial.program_ns}, {"whole", trial.whole_ns}};
  json["frames"] = Json::array();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    json["frames"].push_back(frame_json(i + 1, frames[i], trial.answers[i]));
  }
  return json;
}

// A parameter or a place that the program does not have is a matter of the command line.
HookTrial try_as_told(const HookTrialConfig& config, std::span<const CapturedFrame> frames) {
  try {
    return try_hook(config, frames);
  } catch (const WrongTrial& error) {
    throw UsageError(error.what());
  }
}

int test_hook(const Invocation& invocation) {
  HookTrialConfig config;
  config.place = place_option(invocation);
  config.parameters = parameters(invocation);
  if (invocation.has("seed")) config.seed = invocation.whole_number("seed", ~std::uint64_t{0});
  ScratchDirectory scratch;
  config.file = object_file(invocation, scratch);
  config.called = invocation.text("program");
  const std::vector<CapturedFrame> frames = read_capture(invocation.text("pcap"));
  const HookTrial trial = try_as_told(config, frames);
  if (invocation.has("json")) {
    fmt::print("{}\n", trial_json(config.called, frames, trial).dump(2));
    return kValid;
  }
  fmt::print("{} at {}, seed {}\n\n{}\n{}\n", trial.program, kPlaceNames[trial.place], config.seed,
             verdicts_text(frames, trial.answers), summary_text(frames, trial.answers));
  fmt::print(
      "counters: {}\ncost: {:.1f} ns a frame for the program, {:.1f} ns with what it is told of the frame\n",
      counters_text(trial), trial.program_ns, trial.whole_ns);
  return kValid;
}

int swap_hook(const Invocation& invocation) {
  const std::optional<lh_place> place = place_option(invocation);
  Json request{
      {"command", "hook_swap"}, {"link", invocation.text("link")}, {"program", invocation.text("program")}};
  if (place) request["place"] = kPlaceNames[*place];
  request["parameters"] = Json::object();
  for (const auto& [variable, value] : parameters(invocation)) request["parameters"][variable] = value;
  ControlClient testbed = connect_to_testbed();
  ScratchDirectory scratch;  // until the testbed has loaded what is in it
  request["file"] = fs::absolute(object_file(invocation, scratch)).string();
  fmt::print("{}\n", testbed.ask(request)["text"].get<std::string>());
  return kValid;
}

void add_program_options(Subcommand& command) {
  command.options.add_options()("program", po::value<std::string>()->required()->value_name("PROGRAM"),
                                "NAME.bpf.o, NAME.bpf.c, or the name of a hook that longhaul ships")(
      "set", po::value<std::vector<std::string>>()->value_name("VARIABLE=N"),
      "set a variable of the program; may be repeated")(
      "place", po::value<std::string>()->value_name("PLACE"),
      "ingress or egress, where the file has a program for both");
}

}  // namespace

Subcommand hook_test_command_line() {
  Subcommand command{
      "hook test",
      "PROGRAM --pcap FILE",
      "try a hook on the frames of a capture",
      "  longhaul hook test drop_every_nth --pcap run.pcapng --set period=10\n"
      "  longhaul hook test mine.bpf.c --pcap run.pcap --place egress --seed 7\n"
      "  longhaul hook test mine.bpf.o --pcap run.pcap --json | jq '.frames[] | select(.cause)'\n",
      po::options_description("Options"),
      {},
      test_hook};
  add_program_options(command);
  command.options.add_options()("pcap", po::value<std::string>()->required()->value_name("FILE"),
                                "the capture, pcap or pcapng, of Ethernet frames")(
      "seed", po::value<std::string>()->value_name("N"), "of lh_random (default: 1)")("json", "print JSON");
  command.positional.add("program", 1);
  return command;
}

Subcommand hook_swap_command_line() {
  Subcommand command{"hook swap",
                     "LINK[:forward|:reverse] PROGRAM",
                     "put another program in the place of a hook of the standing testbed",
                     "  longhaul hook swap wan drop_every_nth --set period=100\n"
                     "  longhaul hook swap wan:forward mine.bpf.c --place ingress\n",
                     po::options_description("Options"),
                     {},
                     swap_hook};
  command.options.add_options()("link", po::value<std::string>()->required()->value_name("LINK"),
                                "the link, with :forward or :reverse for one direction of it");
  add_program_options(command);
  command.positional.add("link", 1).add("program", 1);
  return command;
}

}  // namespace longhaul::scenario
