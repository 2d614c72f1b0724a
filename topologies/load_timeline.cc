// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_timeline.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "topologies/bounds.h"
#include "topologies/load_change.h"
#include "topologies/load_route.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr Duration kLeastTime = Duration::picoseconds(1);
constexpr Duration kProtectionOutage = Duration::milliseconds(50);
constexpr std::string_view kTimeAllowed = "a time such as 50 ms";

constexpr std::array<std::string_view, 13> kKinds{"protection_switch",
                                                  "outage",
                                                  "flap",
                                                  "brown_out",
                                                  "blackhole",
                                                  "burst",
                                                  "rate",
                                                  "delay",
                                                  "loss",
                                                  "buffer",
                                                  "member",
                                                  "pause_storm",
                                                  "change"};

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

  void read(std::string_view kind, const YamlValue& value) {
    read_when(kind);
    if (const auto route = map_.find("route"); route && kind != "delay") {
      route->fail_key("only goes with delay");
    }
    using Reader = void (EntryReader::*)(const YamlValue&);
    constexpr std::array<Reader, kKinds.size()> kReaders{&EntryReader::protection_switch,
                                                         &EntryReader::outage,
                                                         &EntryReader::flap,
                                                         &EntryReader::brown_out,
                                                         &EntryReader::blackhole,
                                                         &EntryReader::burst,
                                                         &EntryReader::rate,
                                                         &EntryReader::delay,
                                                         &EntryReader::loss,
                                                         &EntryReader::buffer,
                                                         &EntryReader::member,
                                                         &EntryReader::pause_storm,
                                                         &EntryReader::change};
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (kKinds[i] == kind) (this->*kReaders[i])(value);
    }
  }

 private:
  void read_when(std::string_view kind) {
    when_.at = read_time(map_.need("at", "a time such as 2 s"), Duration(), limits::kLatestEvent);
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
      map_.find("at")->fail(fmt::format("the last change comes at {}, allowed: up to {}", to_text(event.at),
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

  void burst(const YamlValue& value) {
    core::Change change;
    change.burst = read_burst(value);
    add(Duration(), change);
  }

  void rate(const YamlValue& value) {
    core::Change change;
    change.rate = read_rate_or_zero(value);
    add(Duration(), change);
  }

  void loss(const YamlValue& value) {
    core::Change change;
    change.loss = read_probability(value);
    add(Duration(), change);
  }

  void buffer(const YamlValue& value) {
    core::Change change;
    change.buffer = read_new_buffer(value, link_, scale_);
    add(Duration(), change);
  }

  void change(const YamlValue& value) { add(Duration(), read_change(value, link_, scale_)); }

  const YamlMap& map_;
  const core::LinkConfig& link_;
  const Scale& scale_;
  std::vector<core::Event>& events_;
  core::Event when_;
};

bool is_for(const YamlMap& map, Direction direction) {
  const auto chosen = map.find("direction");
  if (!chosen) return true;
  const std::size_t index = chosen->choice({"forward", "reverse", "both"});
  return index == 2 || index == direction;
}

}  // namespace

std::vector<core::Event> read_timeline(const YamlValue& value, std::optional<Direction> shared,
                                       const core::LinkConfig& link, const Scale& scale) {
  std::vector<std::string_view> known{"at", "after", "every", "times", "route"};
  if (shared) known.push_back("direction");
  known.insert(known.end(), kKinds.begin(), kKinds.end());
  std::vector<core::Event> events;
  for (const YamlValue& entry : value.items()) {
    const YamlMap map = entry.map(known);
    if (shared && !is_for(map, *shared)) continue;
    std::optional<std::string_view> kind;
    for (const std::string_view candidate : kKinds) {
      const auto found = map.find(candidate);
      if (!found) continue;
      if (kind) found->fail_key(fmt::format("given beside {}, allowed: one of the two", *kind));
      kind = candidate;
    }
    if (!kind)
      entry.fail("says nothing that happens, allowed: one of " + fmt::format("{}", fmt::join(kKinds, ", ")));
    EntryReader(map, link, scale, events).read(*kind, *map.find(*kind));
    if (events.size() > limits::kMostEvents) {
      entry.fail(fmt::format("more than {} changes in one direction, allowed: repeat with every and times",
                             limits::kMostEvents));
    }
  }
  return events;
}

}  // namespace longhaul::topology
