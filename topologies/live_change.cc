// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/live_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "emulator/core/link.h"
#include "topologies/bounds.h"
#include "topologies/load_change.h"
#include "topologies/load_links.h"
#include "topologies/load_route.h"
#include "topologies/load_timeline.h"
#include "topologies/overrides.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kDirectionNames[] = {"forward", "reverse"};

[[noreturn]] void fail(std::string_view path, std::string_view message) {
  throw error_at({}, {}, path, message);
}

// What the changes are for: a link, and one of its directions or both.
struct Target {
  std::size_t link = 0;
  std::vector<Direction> directions{kForward, kReverse};
  std::vector<std::string> keys;  // that lead there in a file: links, wan, and forward

  std::string path() const { return fmt::format("{}", fmt::join(keys, ".")); }
};

Target read_target(const Topology& topology, std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::vector<std::string_view> names;
  for (const Link& link : topology.links) names.push_back(link.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    fail("links", fmt::format("{} is not a link{}", in_quotes(name), suggestion(name, names)));
  }
  Target target;
  target.link = static_cast<std::size_t>(found - names.begin());
  target.keys = {"links", std::string(name)};
  if (colon == std::string_view::npos) return target;
  const std::string_view chosen = text.substr(colon + 1);
  const auto direction = std::find(std::begin(kDirectionNames), std::end(kDirectionNames), chosen);
  if (direction == std::end(kDirectionNames)) {
    fail(target.path(), fmt::format("{} is not a direction{}", in_quotes(chosen),
                                    suggestion(chosen, {"forward", "reverse"})));
  }
  target.directions = {direction == std::begin(kDirectionNames) ? kForward : kReverse};
  target.keys.emplace_back(chosen);
  return target;
}

RawNode read_word(const std::string& word, const std::string& path, std::string_view example) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail(path,
         fmt::format("{} is not a change, allowed: key=value, for example {}", in_quotes(word), example));
  }
  std::optional<RawNode> node = parse_word(word.substr(equals + 1), {});
  if (!node) {
    fail(path,
         fmt::format("{} is not valid YAML, allowed: a value, [list] or {{key: value}}", in_quotes(word)));
  }
  node->key = word.substr(0, equals);
  return *std::move(node);
}

// A file that says at the place of the target what the words say.
RawDocument document_of(const Target& target, const std::vector<std::string>& words,
                        std::string_view example) {
  RawNode node;
  node.kind = RawNode::Kind::kMap;
  for (const std::string& word : words) {
    RawNode value = read_word(word, target.path(), example);
    if (node.child(value.key) != nullptr) {
      fail(target.path() + "." + value.key, "is given twice, allowed: once");
    }
    node.children.push_back(std::move(value));
  }
  if (words.empty()) {
    fail(target.path(), fmt::format("nothing changes, allowed: key=value, for example {}", example));
  }
  for (auto key = target.keys.rbegin(); key != target.keys.rend(); ++key) {
    RawNode outer;
    outer.kind = RawNode::Kind::kMap;
    node.key = *key;
    outer.children.push_back(std::move(node));
    node = std::move(outer);
  }
  return {{}, std::move(node), {}};
}

YamlValue entry_of(const RawDocument& document, const Target& target) {
  YamlValue value(document);
  for (const std::string& key : target.keys) value = *value.map({key}).find(key);
  return value;
}

Scale scale_of(const Topology& topology, const Target& target, Direction direction) {
  const Link& link = topology.links[target.link];
  return {link.directions[direction].rate, round_trip(link), topology.largest_frame()};
}

// Holds one amount of the changes against what was reserved of it; `path` is the key in messages.
template <typename T>
void check_amount(const Link& link, const Target& target, const std::vector<LiveChange>& changes,
                  std::optional<T> core::Change::*wanted, T core::Reserve::*reserved, std::string_view key,
                  const std::string& path) {
  std::array<T, 2> asked{};
  for (const LiveChange& one : changes) {
    asked[one.direction] = std::max(asked[one.direction], (one.change.*wanted).value_or(T()));
  }
  for (const Direction direction : target.directions) {
    const core::LinkConfig &here = link.directions[direction], &back = link.directions[1 - direction];
    const T most = core::most_of(here).*reserved;
    if (asked[direction] <= most) continue;
    const T either = std::max(asked[kForward], asked[kReverse]);
    const core::Reserve configured_back{back.rate, back.delay, back.buffer};
    // A reserve on the link is for both directions, so that it must suit the other one too.
    const bool both = target.directions.size() == 2 && here.reserve.*reserved == back.reserve.*reserved &&
                      either >= configured_back.*reserved;
    const bool differ = target.directions.size() == 2 && core::most_of(back).*reserved != most;
    const std::string name(kDirectionNames[direction]);
    fail(path, fmt::format("{} is more than the {} reserved{}, allowed: up to that; start with `--set "
                           "links.{}{}.reserve.{}='{}'`",
                           to_text(asked[direction]), to_text(most), differ ? " in " + name : "", link.name,
                           both ? "" : "." + name, key, to_text(both ? either : asked[direction])));
  }
}

// `kind`: the only key that was given, with these amounts as keys below it unless it is one of them.
void check_reserved(const Topology& topology, const Target& target, const std::vector<LiveChange>& changes,
                    std::string_view kind = {}) {
  const Link& link = topology.links[target.link];
  const auto path = [&](std::string_view key) {
    const std::string above = kind.empty() ? target.path() : fmt::format("{}.{}", target.path(), kind);
    return kind == key ? above : fmt::format("{}.{}", above, key);
  };
  check_amount(link, target, changes, &core::Change::rate, &core::Reserve::rate, "rate", path("rate"));
  check_amount(link, target, changes, &core::Change::delay, &core::Reserve::delay, "delay", path("delay"));
  check_amount(link, target, changes, &core::Change::buffer, &core::Reserve::buffer, "buffer",
               path("buffer"));
}

// A new route needs room for frames that overtake.
void check_routes(const Topology& topology, const Target& target, const std::vector<LiveChange>& changes,
                  const std::string& path) {
  for (const LiveChange& one : changes) {
    const core::LinkConfig& link = topology.links[target.link].directions[one.direction];
    core::Change route;
    route.new_route = one.change.new_route;
    if (core::is_allowed(route, link)) continue;
    const Duration delay = one.change.delay ? std::max(*one.change.delay, link.delay) : link.delay;
    fail(path,
         fmt::format("takes a new route, on which frames may overtake, and this link keeps no room for that; "
                     "start with `--set links.{}.reserve.delay='{}'`",
                     topology.links[target.link].name, to_text(delay)));
  }
}

core::Change read_settings(const YamlValue& entry, const core::LinkConfig& link, const Scale& scale) {
  const YamlMap map = entry.map({"rate", "delay", "loss", "buffer", "up", "blackhole"});
  core::Change change;
  if (const auto rate = map.find("rate")) change.rate = read_rate_or_zero(*rate);
  if (const auto delay = map.find("delay")) change.delay = read_delay(*delay);
  if (const auto loss = map.find("loss")) change.loss = read_probability(*loss);
  if (const auto buffer = map.find("buffer")) change.buffer = read_new_buffer(*buffer, link, scale);
  if (const auto up = map.find("up")) change.dark = !read_flag(*up);
  if (const auto blackhole = map.find("blackhole")) change.blackhole = read_flag(*blackhole);
  return change;
}

// Adds every repetition of `event`, which ends.
void write_out(const core::Event& event, const Target& target, Direction direction, const std::string& path,
               std::vector<LiveChange>& changes) {
  const auto repetitions = static_cast<std::int64_t>(event.period == Duration() ? 1 : event.times);
  if (repetitions > 1 && (limits::kLatestEvent - event.at).ps() / event.period.ps() < repetitions - 1) {
    fail(path, fmt::format("goes on for too long, allowed: up to {}", to_text(limits::kLatestEvent)));
  }
  for (std::int64_t i = 0; i < repetitions; ++i) {
    changes.push_back({target.link, direction, event.at + event.period * i, event.change});
  }
}

// How many changes the event makes; fails when it has no end.
std::uint64_t count_of(const core::Event& event, const std::string& path) {
  if (event.period == Duration()) return 1;
  if (event.times == 0) {
    fail(path,
         fmt::format("repeats for ever, allowed: `times`, with at most {} changes in all", kMostLiveChanges));
  }
  return event.times;
}

// The words of an event, where `burst=10` is enough, without what only a file can say.
std::vector<std::string> event_words(const Target& target, std::vector<std::string> words) {
  for (std::string& word : words) {
    const std::string key = word.substr(0, word.find('='));
    if (key == "at" || key == "after") {
      fail(target.path() + "." + key, "only goes with a timeline, what is asked for begins at once");
    }
    if (key == "direction") {
      fail(target.path() + "." + key, "only goes with a timeline, allowed: LINK:forward or LINK:reverse");
    }
    constexpr std::string_view kBurst = "burst=";
    const bool plain = word.size() > kBurst.size() &&
                       word.find_first_not_of("0123456789", kBurst.size()) == std::string::npos;
    if (word.starts_with(kBurst) && plain) word += " frames";
  }
  return words;
}

}  // namespace

std::vector<LiveChange> read_live_set(const Topology& topology, std::string_view link,
                                      const std::vector<std::string>& words) {
  const Target target = read_target(topology, link);
  const RawDocument document = document_of(target, words, "delay='6 ms'");
  const YamlValue entry = entry_of(document, target);
  std::vector<LiveChange> changes;
  for (const Direction direction : target.directions) {
    const core::LinkConfig& config = topology.links[target.link].directions[direction];
    const core::Change change = read_settings(entry, config, scale_of(topology, target, direction));
    changes.push_back({target.link, direction, Duration(), change});
  }
  check_reserved(topology, target, changes);
  return changes;
}

std::vector<LiveChange> read_live_event(const Topology& topology, std::string_view link,
                                        const std::vector<std::string>& words) {
  const Target target = read_target(topology, link);
  const RawDocument document = document_of(target, event_words(target, words), "outage='50 ms'");
  const YamlValue entry = entry_of(document, target);
  std::vector<std::pair<Direction, core::Event>> events;
  for (const Direction direction : target.directions) {
    const core::LinkConfig& config = topology.links[target.link].directions[direction];
    for (core::Event& event : read_entry(entry, config, scale_of(topology, target, direction))) {
      events.emplace_back(direction, std::move(event));
    }
  }
  const std::string kind = kind_of(entry);
  const std::string path = fmt::format("{}.{}", target.path(), kind);
  std::uint64_t count = 0;
  for (const auto& [direction, event] : events) count += count_of(event, path);
  if (count > kMostLiveChanges) {
    fail(path,
         fmt::format("makes {} changes{}, allowed: at most {}", count,
                     target.directions.size() == 2 ? " in both directions together" : "", kMostLiveChanges));
  }
  std::vector<LiveChange> changes;
  for (const auto& [direction, event] : events) write_out(event, target, direction, path, changes);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const LiveChange& a, const LiveChange& b) { return a.after < b.after; });
  check_reserved(topology, target, changes, kind);
  check_routes(topology, target, changes, path);
  return changes;
}

}  // namespace longhaul::topology
