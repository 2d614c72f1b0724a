// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_timeline.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "topologies/bounds.h"
#include "topologies/load_change.h"
#include "topologies/load_route.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr Duration kLeastTime = Duration::picoseconds(1);
constexpr Duration kProtectionOutage = Duration::milliseconds(50);
constexpr std::string_view kTimeAllowed = "a time such as 50 ms";

std::uint64_t read_times(const YamlValue& value) {
  if (value.is_scalar() && value.text("") == "forever") return 0;
  return value.integer(0, limits::kMostRepetitions);
}

core::Change dark(bool on) {
  core::Change change;
  change.dark = on;
  return change;
}

// One entry of the list to its events, which it appends.
class EntryReader {
 public:
  EntryReader(const YamlMap& map, const core::LinkConfig& link, const Scale& scale,
              std::vector<core::Event>& events)
      : map_(map), link_(link), scale_(scale), events_(events) {}

  // What can happen, by key.
  static std::vector<std::string_view> kinds() {
    std::vector<std::string_view> names;
    for (const Kind& one : kKinds) names.push_back(one.name);
    return names;
  }

  void read(std::string_view kind, const YamlValue& value) {
    read_when(kind);
    if (const auto route = map_.find("route"); route && kind != "delay") {
      route->fail_key("only goes with delay");
    }
    for (const Kind& one : kKinds) {
      if (one.name == kind) (this->*one.read)(value);
    }
  }

 private:
  struct Kind {
    std::string_view name;
    void (EntryReader::*read)(const YamlValue& value);
  };
  static const Kind kKinds[13];

  void read_when(std::string_view kind) {
    if (const auto at = map_.find("at")) when_.at = read_time(*at, Duration(), limits::kLatestEvent);
    if (const auto after = map_.find("after")) {
      when_.origin =
          after->choice({"start", "first-frame"}) == 0 ? core::Origin::kStart : core::Origin::kFirstFrame;
    }
    const auto every = map_.find("every");
    const auto times = map_.find("times");
    if (every) {
      if (kind == "flap") every->fail_key("does not go with flap, which has a period of its own");
      when_.period = read_time(*every, limits::kShortestPeriod, limits::kLatestEvent);
      when_.times = times ? read_times(*times) : 0;
    } else if (times) {
      times->fail_key("only goes with every");
    }
  }

  void add(Duration offset, core::Change change) {
    core::Event event = when_;
    event.at += offset;
    if (event.at > limits::kLatestEvent) {
      map_.need("at", "a time")
          .fail(fmt::format("the last change comes at {}, allowed: up to {}", to_text(event.at),
                            to_text(limits::kLatestEvent)));
    }
    event.change = std::move(change);
    events_.push_back(std::move(event));
  }

  // A time that must be over when the entry repeats.
  Duration lasting(const YamlValue& value) const {
    const Duration time = read_time(value, kLeastTime, limits::kLatestEvent);
    if (when_.period != Duration() && time >= when_.period) {
      value.fail(fmt::format("{} is not over when it repeats after {}, allowed: less than that",
                             to_text(time), to_text(when_.period)));
    }
    return time;
  }

  void protection_switch(const YamlValue& value) {
    const YamlMap map = value.map({"outage", "delay"});
    const auto outage = map.find("outage");
    const Duration lasts = outage ? lasting(*outage) : kProtectionOutage;
    if (!outage && when_.period != Duration() && lasts >= when_.period) {
      map.fail("outage", "the default of 50 ms is not over when it repeats, allowed: less than every");
    }
    core::Change light = dark(false);
    light.delay = read_delay(map.need("delay", kDelayAllowed));
    light.new_route = true;
    add(Duration(), dark(true));
    add(lasts, light);
  }

  void outage(const YamlValue& value) {
    const Duration lasts = lasting(value);
    add(Duration(), dark(true));
    add(lasts, dark(false));
  }

  void flap(const YamlValue& value) {
    const YamlMap map = value.map({"period", "down", "times"});
    when_.period = read_time(map.need("period", kTimeAllowed), limits::kShortestPeriod, limits::kLatestEvent);
    const auto times = map.find("times");
    when_.times = times ? read_times(*times) : 0;
    outage(map.need("down", kTimeAllowed));
  }

  void brown_out(const YamlValue& value) {
    const YamlMap map = value.map({"rate", "loss", "lasts"});
    core::Change begin, end;
    if (const auto given = map.find("rate")) {
      begin.rate = read_rate_or_zero(*given);
      end.rate = link_.rate;
    }
    if (const auto given = map.find("loss")) {
      const auto* plain = std::get_if<core::loss::Bernoulli>(&link_.loss.model);
      if (plain == nullptr) {
        given->fail_key("only goes with a link whose loss is a plain probability, to which it can go back");
      }
      begin.loss = read_probability(*given);
      end.loss = plain->probability;
    }
    if (begin == core::Change{}) value.fail("says neither rate nor loss, allowed: at least one of them");
    const Duration lasts = lasting(map.need("lasts", kTimeAllowed));
    add(Duration(), begin);
    add(lasts, end);
  }

  void blackhole(const YamlValue& value) {
    const Duration lasts = lasting(value);
    core::Change begin, end;
    begin.blackhole = true;
    end.blackhole = false;
    add(Duration(), begin);
    add(lasts, end);
  }

  void pause_storm(const YamlValue& value) {
    const YamlMap map = value.map({"classes", "lasts"});
    core::Change begin, end;
    begin.storm = read_storm(map.need("classes", "the classes to pause, for example [3]"), link_);
    end.storm = std::uint8_t{0};
    const Duration lasts = lasting(map.need("lasts", kTimeAllowed));
    add(Duration(), begin);
    add(lasts, end);
  }

  void member(const YamlValue& value) {
    const YamlMap map = value.map({"index", "outage", "up"});
    const auto up = map.find("up");
    const auto down_for = map.find("outage");
    if (up && down_for) up->fail_key("given beside outage, allowed: one of the two");
    core::Change first;
    first.member = core::Change::Member{read_wave(map, link_), up && read_flag(*up)};
    if (!up && !down_for) map.fail("outage", "missing, allowed: a time such as 50 ms, or up: false");
    const Duration lasts = down_for ? lasting(*down_for) : Duration();
    add(Duration(), first);
    if (up) return;
    core::Change back;
    back.member = core::Change::Member{first.member->index, true};
    add(lasts, back);
  }

  void delay(const YamlValue& value) {
    core::Change change;
    change.delay = read_delay(value);
    if (const auto route = map_.find("route")) change.new_route = route->choice({"same", "new"}) == 1;
    add(Duration(), change);
  }

  void burst(const YamlValue& value) { add(Duration(), {.burst = read_burst(value)}); }

  void rate(const YamlValue& value) { add(Duration(), {.rate = read_rate_or_zero(value)}); }

  void loss(const YamlValue& value) { add(Duration(), {.loss = read_probability(value)}); }

  void buffer(const YamlValue& value) { add(Duration(), {.buffer = read_new_buffer(value, link_, scale_)}); }

  void change(const YamlValue& value) { add(Duration(), read_change(value, link_, scale_)); }

  const YamlMap& map_;
  const core::LinkConfig& link_;
  const Scale& scale_;
  std::vector<core::Event>& events_;
  core::Event when_;
};

const EntryReader::Kind EntryReader::kKinds[13] = {{"protection_switch", &EntryReader::protection_switch},
                                                   {"outage", &EntryReader::outage},
                                                   {"flap", &EntryReader::flap},
                                                   {"brown_out", &EntryReader::brown_out},
                                                   {"blackhole", &EntryReader::blackhole},
                                                   {"burst", &EntryReader::burst},
                                                   {"rate", &EntryReader::rate},
                                                   {"delay", &EntryReader::delay},
                                                   {"loss", &EntryReader::loss},
                                                   {"buffer", &EntryReader::buffer},
                                                   {"member", &EntryReader::member},
                                                   {"pause_storm", &EntryReader::pause_storm},
                                                   {"change", &EntryReader::change}};

bool is_for(const YamlMap& map, Direction direction) {
  const auto chosen = map.find("direction");
  if (!chosen) return true;
  const std::size_t index = chosen->choice({"forward", "reverse", "both"});
  return index == 2 || index == direction;
}

// What the entry says that happens, and that it is one thing.
YamlValue only_kind(const YamlValue& entry, const YamlMap& map) {
  std::optional<YamlValue> kind;
  for (const std::string_view candidate : EntryReader::kinds()) {
    const auto found = map.find(candidate);
    if (!found) continue;
    if (kind) found->fail_key(fmt::format("given beside {}, allowed: one of the two", kind->key()));
    kind = found;
  }
  if (!kind) {
    entry.fail("says nothing that happens, allowed: one of " +
               fmt::format("{}", fmt::join(EntryReader::kinds(), ", ")));
  }
  return *kind;
}

std::vector<std::string_view> with_kinds(std::vector<std::string_view> keys) {
  const auto kinds = EntryReader::kinds();
  keys.insert(keys.end(), kinds.begin(), kinds.end());
  return keys;
}

YamlMap lone_entry(const YamlValue& entry) {
  return entry.map(with_kinds({"every", "times", "route"}));
}

}  // namespace

std::string kind_of(const YamlValue& entry) {
  return only_kind(entry, lone_entry(entry)).key();
}

std::vector<core::Event> read_entry(const YamlValue& value, const core::LinkConfig& link,
                                    const Scale& scale) {
  const YamlMap map = lone_entry(value);
  const YamlValue kind = only_kind(value, map);
  std::vector<core::Event> events;
  EntryReader(map, link, scale, events).read(kind.key(), kind);
  return events;
}

std::vector<core::Event> read_timeline(const YamlValue& value, std::optional<Direction> shared,
                                       const core::LinkConfig& link, const Scale& scale) {
  std::vector<std::string_view> known{"at", "after", "every", "times", "route"};
  if (shared) known.push_back("direction");
  known = with_kinds(std::move(known));
  std::vector<core::Event> events;
  for (const YamlValue& entry : value.items()) {
    const YamlMap map = entry.map(known);
    if (shared && !is_for(map, *shared)) continue;
    const YamlValue kind = only_kind(entry, map);
    map.need("at", "a time such as 2 s");
    EntryReader(map, link, scale, events).read(kind.key(), kind);
    if (events.size() > limits::kMostEvents) {
      entry.fail(fmt::format("more than {} changes in one direction, allowed: repeat with every and times",
                             limits::kMostEvents));
    }
  }
  return events;
}

}  // namespace longhaul::topology
