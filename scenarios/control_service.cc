// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "scenarios/change_text.h"
#include "scenarios/live_capture.h"
#include "topologies/config_error.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

using Json = nlohmann::ordered_json;
using topology::LiveChange;

// A request that makes no sense.
class Wrong : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);  // what a peer sent may not be UTF-8
}

// One line for people, whatever names a peer sent.
std::string error_line(std::string why, int status) {
  for (char& c : why) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
  }
  return line_of({{"error", why}, {"status", status}});
}

std::string text_of(const Json& request, const char* key) {
  if (!request.contains(key) || !request[key].is_string())
    throw Wrong(fmt::format("`{}` has to be a text", key));
  return request[key].get<std::string>();
}

std::uint64_t number_of(const Json& request, const char* key, std::uint64_t otherwise) {
  if (!request.contains(key)) return otherwise;
  if (!request[key].is_number_unsigned()) throw Wrong(fmt::format("`{}` has to be a whole number", key));
  return request[key].get<std::uint64_t>();
}

std::vector<std::string> words_of(const Json& request) {
  const auto is_text = [](const Json& word) { return word.is_string(); };
  if (!request.contains("words") || !request["words"].is_array() ||
      !std::all_of(request["words"].begin(), request["words"].end(), is_text)) {
    throw Wrong("`words` has to be a list of texts");
  }
  return request["words"].get<std::vector<std::string>>();
}

// The directions that LINK[:forward|:reverse] means, by their index in a sample.
std::vector<std::size_t> directions_of(const topology::Topology& topology, const std::string& link) {
  std::vector<std::size_t> directions;
  for (const LiveChange& change : topology::read_live_set(topology, link, {"up=true"})) {
    directions.push_back(2 * change.link + change.direction);
  }
  return directions;
}

std::string direction_name(const topology::Topology& topology, std::size_t direction) {
  return topology.links[direction / 2].name + (direction % 2 == topology::kForward ? " forward" : " reverse");
}

// "wan: dark, light 50 ms later"; the directions apart where they differ.
std::string text_of(const topology::Topology& topology, const std::vector<LiveChange>& changes) {
  constexpr std::size_t kMostTold = 4;
  std::string texts[2];
  std::size_t told[2] = {};
  for (const LiveChange& change : changes) {
    std::string& text = texts[change.direction];
    if (++told[change.direction] > kMostTold) continue;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", change_text(change.change));
    if (change.after != Duration()) text += fmt::format(" {} later", topology::to_text(change.after));
  }
  for (std::size_t d = 0; d < 2; ++d) {
    if (told[d] > kMostTold) texts[d] += fmt::format(" and {} more", told[d] - kMostTold);
  }
  const std::string& link = topology.links[changes.front().link].name;
  if (texts[0] == texts[1]) return fmt::format("{}: {}", link, texts[0]);
  std::string all;
  for (std::size_t d = 0; d < 2; ++d) {
    if (texts[d].empty()) continue;
    all +=
        fmt::format("{}{} {}: {}", all.empty() ? "" : "; ", link, d == 0 ? "forward" : "reverse", texts[d]);
  }
  return all;
}

void check_filter(const std::string& filter) {
  try {
    const dataplane::Capture compiled({.filter = filter, .snap = 1, .slots = 1});
  } catch (const std::runtime_error& error) {
    throw Wrong(error.what());
  }
}

Json counts_json(const LiveCapture::Counts& counts) {
  return {{"seen", counts.frames.seen},
          {"filtered_out", counts.frames.filtered_out},
          {"captured", counts.frames.captured},
          {"releases", counts.frames.releases},
          {"drops", counts.frames.drops},
          {"dropped_by_capture", counts.frames.dropped_by_capture()},
          {"records", counts.records},
          {"left_out", counts.left_out},
          {"bytes", counts.bytes},
          {"failure", counts.error}};
}

}  // namespace

ControlService::ControlService(LiveTestbed& testbed, std::string version)
    : testbed_(testbed), version_(std::move(version)) {}

ControlService::~ControlService() = default;

ControlSocket::Handler ControlService::handler() {
  return {[this](PeerId peer, const std::string& line) { return answer(peer, line); },
          [this](PeerId peer) { captures_.erase(peer); },
          [](const std::string& reason) { return error_line(reason, kRequestFailed); }};
}

void ControlService::drain() {
  for (const auto& [peer, capture] : captures_) capture->drain();
}

void ControlService::end_captures() {
  for (const auto& [peer, capture] : captures_) capture->stop();
}

std::optional<std::string> ControlService::answer(PeerId peer, const std::string& line) {
  try {
    const Json request = Json::parse(line, nullptr, false);
    if (!request.is_object()) throw Wrong("a request is a JSON object on one line");
    const std::optional<Json> done = obey(peer, request);
    if (!done) return std::nullopt;
    return line_of(*done);
  } catch (const Wrong& error) {
    return error_line(error.what(), kRequestIsWrong);
  } catch (const topology::ConfigError& error) {
    return error_line(error.what(), kRequestIsWrong);
  } catch (const std::exception& error) {
    return error_line(error.what(), kRequestFailed);
  }
}

std::optional<ControlService::Json> ControlService::obey(PeerId peer, const Json& request) {
  const std::string command = text_of(request, "command");
  if (command == "show") return show(request);
  if (command == "set") return change(request, false);
  if (command == "event") return change(request, true);
  if (command == "hook_swap") return swap_hook(request);
  if (command == "capture_start") return start_capture(peer, request);
  if (command == "capture_counts") return capture_counts(peer, false);
  if (command == "capture_stop") return capture_counts(peer, true);
  throw Wrong(fmt::format(
      "no command `{}`, allowed: show, set, event, hook_swap, capture_start, capture_counts, capture_stop",
      command));
}

ControlService::Json ControlService::show(const Json& request) const {
  LiveView view = testbed_.view();
  view.live_changes = changes_.count;
  if (request.contains("link")) {
    const std::vector<std::size_t> wanted = directions_of(testbed_.topology(), text_of(request, "link"));
    std::vector<LiveDirection> kept;
    for (const std::size_t direction : wanted) kept.push_back(view.directions[direction]);
    view.directions = std::move(kept);
  }
  return to_json(view);
}

std::optional<ControlService::Json> ControlService::change(const Json& request, bool is_event) {
  const topology::Topology& topology = testbed_.topology();
  const std::string link = text_of(request, "link");
  const std::vector<std::string> words = words_of(request);
  const std::vector<LiveChange> changes = is_event ? topology::read_live_event(topology, link, words)
                                                   : topology::read_live_set(topology, link, words);
  const std::optional<Instant> begin = testbed_.change(changes);
  if (!begin) return std::nullopt;
  const double begin_s = begin->since_zero().to_seconds();
  const std::string text = text_of(topology, changes);
  changes_.add({begin_s, text});
  return Json{{"text", fmt::format("{} from t = {:.6f} s", text, begin_s)}, {"from_s", begin_s}};
}

ControlService::Json ControlService::swap_hook(const Json& request) {
  const topology::Topology& topology = testbed_.topology();
  dataplane::HookConfig hook{.file = text_of(request, "file"), .program = text_of(request, "program")};
  if (request.contains("place")) {
    const std::string place = text_of(request, "place");
    if (place != "ingress" && place != "egress") throw Wrong("`place` is ingress or egress");
    hook.at_ingress = place == "ingress";
    hook.at_egress = place == "egress";
  }
  if (request.contains("parameters")) {
    if (!request["parameters"].is_object()) throw Wrong("`parameters` has to be an object of texts");
    for (const auto& [name, value] : request["parameters"].items()) {
      if (!value.is_string()) throw Wrong("`parameters` has to be an object of texts");
      hook.parameters.emplace_back(name, value.get<std::string>());
    }
  }
  const std::string link = text_of(request, "link");
  testbed_.swap_hook(directions_of(topology, link), hook);
  const double at_s = testbed_.now().since_zero().to_seconds();
  const std::string text = fmt::format("{}: hook {}", link, hook.program);
  changes_.add({at_s, text});
  return {{"text", fmt::format("{} since t = {:.6f} s", text, at_s)}};
}

ControlService::Json ControlService::start_capture(PeerId peer, const Json& request) {
  if (captures_.contains(peer)) throw Wrong("this connection captures already");
  CaptureRequest wanted;
  wanted.directions = directions_of(testbed_.topology(), text_of(request, "link"));
  wanted.file = text_of(request, "file");
  if (!wanted.file.is_absolute()) throw Wrong("`file` has to be an absolute path");
  if (request.contains("filter")) wanted.filter = text_of(request, "filter");
  const std::uint64_t snap = number_of(request, "snap", wanted.snap);
  if (snap == 0 || snap > dataplane::Capture::kLargestSnap) {
    throw Wrong(fmt::format("`snap` {}: allowed are 1 to {} bytes", snap, dataplane::Capture::kLargestSnap));
  }
  wanted.snap = static_cast<std::uint32_t>(snap);
  check_filter(wanted.filter);
  wanted.largest_bytes = number_of(request, "limit_bytes", wanted.largest_bytes);
  for (const auto& [other, capture] : captures_) {
    for (const std::size_t direction : capture->directions()) {
      if (std::count(wanted.directions.begin(), wanted.directions.end(), direction) == 0) continue;
      throw std::runtime_error(
          fmt::format("{} is being captured already", direction_name(testbed_.topology(), direction)));
    }
  }
  captures_.emplace(peer, std::make_unique<LiveCapture>(testbed_, wanted, "longhaul " + version_));
  return capture_counts(peer, false);
}

ControlService::Json ControlService::capture_counts(PeerId peer, bool stop) {
  const auto capture = captures_.find(peer);
  if (capture == captures_.end()) throw Wrong("this connection captures nothing");
  if (stop) capture->second->stop();
  const Json counts = counts_json(capture->second->counts());
  if (stop) captures_.erase(capture);
  return counts;
}

}  // namespace longhaul::scenario
