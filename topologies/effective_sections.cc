// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/effective_sections.h"

#include <fmt/format.h>

#include <iterator>
#include <span>

#include "topologies/pause.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

// Collects `key: value` pairs or list items.
class Pieces {
 public:
  void add(std::string_view key, std::string_view value) { add(fmt::format("{}: {}", key, value)); }
  void add(std::string_view item) {
    text_ += text_.empty() ? "" : ", ";
    text_ += item;
  }
  std::string map() const { return text_.empty() ? "{}" : "{ " + text_ + " }"; }
  std::string list() const { return "[" + text_ + "]"; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

std::string_view flag(bool value) {
  return value ? "true" : "false";
}

std::string class_list(std::uint8_t bits) {
  Pieces classes;
  for (unsigned c = 0; c < core::kMostClasses; ++c) {
    if ((bits >> c & 1u) != 0) classes.add(std::to_string(c));
  }
  return classes.list();
}

// Adds the one that `aqm` holds.
struct AqmWriter {
  Pieces& pieces;
  void operator()(const core::aqm::None&) const {}
  void operator()(const core::aqm::Red& red) const {
    Pieces keys;
    keys.add("min", to_text(red.min));
    keys.add("max", to_text(red.max));
    keys.add("probability", to_text(red.max_probability));
    keys.add("average", std::to_string(red.average_shift));
    keys.add("ecn", flag(red.ecn));
    keys.add("at", red.at_dequeue ? "dequeue" : "enqueue");
    pieces.add("red", keys.map());
  }
  void operator()(const core::aqm::Codel& codel) const {
    Pieces keys;
    keys.add("target", to_text(codel.target));
    keys.add("interval", to_text(codel.interval));
    keys.add("ecn", flag(codel.ecn));
    pieces.add("codel", keys.map());
  }
  void operator()(const core::aqm::Pie& pie) const {
    Pieces keys;
    keys.add("target", to_text(pie.target));
    keys.add("update", to_text(pie.update));
    keys.add("alpha", to_text(pie.alpha));
    keys.add("beta", to_text(pie.beta));
    keys.add("burst", to_text(pie.burst));
    keys.add("ecn", flag(pie.ecn));
    pieces.add("pie", keys.map());
  }
};

std::string class_text(const core::ClassConfig& config) {
  Pieces keys, limits;
  keys.add("scheduler", config.strict ? "strict" : "drr");
  if (!config.strict) keys.add("weight", std::to_string(config.weight));
  if (config.limit_bytes != Bytes()) limits.add(to_text(config.limit_bytes));
  if (config.limit_time != Duration()) limits.add(to_text(config.limit_time));
  if (config.limit_frames != 0) limits.add(fmt::format("{} frames", config.limit_frames));
  if (!limits.empty()) keys.add("limit", limits.list());
  if (config.time_cap != Duration()) keys.add("time_cap", to_text(config.time_cap));
  keys.add("reserved", to_text(config.reserved));
  keys.add("alpha", to_text(config.alpha));
  std::visit(AqmWriter{keys}, config.aqm);
  return keys.map();
}

// Of the values that belong to a class other than 0, runs as ranges.
std::string map_text(std::span<const std::uint8_t> class_of) {
  Pieces classes;
  for (std::size_t c = 1; c < core::kMostClasses; ++c) {
    Pieces values;
    for (std::size_t i = 0; i < class_of.size(); ++i) {
      if (class_of[i] != c) continue;
      const std::size_t first = i;
      while (i + 1 < class_of.size() && class_of[i + 1] == c) ++i;
      values.add(first == i ? std::to_string(i) : fmt::format("{}-{}", first, i));
    }
    if (!values.empty()) classes.add(std::to_string(c), values.list());
  }
  return classes.map();
}

using Out = std::back_insert_iterator<std::string>;

void write_queues(Out out, const core::QueueConfig& queues, std::string_view indent) {
  if (queues == core::QueueConfig{}) return;
  fmt::format_to(out, "{}queues:\n", indent);
  switch (queues.key) {
    case core::ClassKey::kNone:
      fmt::format_to(out, "{}  by: none\n", indent);
      break;
    case core::ClassKey::kPcp:
      fmt::format_to(out, "{0}  by: pcp\n{0}  map: {1}\n", indent, map_text(queues.class_of_pcp));
      break;
    case core::ClassKey::kDscp:
      fmt::format_to(out, "{0}  by: dscp\n{0}  map: {1}\n", indent, map_text(queues.class_of_dscp));
      break;
  }
  if (queues.tiers.on_chip != Bytes()) {
    fmt::format_to(out, "{}  tiers: {{ on_chip: {}, staging: {}, bandwidth: {} }}\n", indent,
                   to_text(queues.tiers.on_chip),
                   queues.tiers.staging == Bytes() ? "auto" : to_text(queues.tiers.staging),
                   to_text(queues.tiers.bandwidth));
  }
  fmt::format_to(out, "{}  classes:\n", indent);
  for (std::size_t c = 0; c < queues.classes.size(); ++c) {
    fmt::format_to(out, "{}    {}: {}\n", indent, c, class_text(queues.classes[c]));
  }
}

void write_waves(Out out, const core::Waves& waves, std::string_view indent) {
  if (waves == core::Waves{}) return;
  Pieces keys, skew;
  keys.add("members", std::to_string(waves.members));
  for (const Duration one : waves.skew) skew.add(to_text(one));
  if (!skew.empty()) keys.add("skew", skew.list());
  fmt::format_to(out, "{}waves: {}\n", indent, keys.map());
}

void write_pfc(Out out, const core::Pfc& pfc, Duration travel, std::string_view indent) {
  fmt::format_to(out, "{0}pfc:\n{0}  mode: terminated\n{0}  classes:\n", indent);
  for (std::size_t c = 0; c < core::kMostClasses; ++c) {
    if ((pfc.classes >> c & 1) == 0) continue;
    const core::PfcThresholds& thresholds = pfc.thresholds[c];
    fmt::format_to(out, "{}    {}: {{ xoff: {}, xon: {}, headroom: {} }}\n", indent, c,
                   to_text(thresholds.xoff), to_text(thresholds.xon), to_text(thresholds.headroom));
  }
  fmt::format_to(out, "{0}  quanta: {1}\n{0}  refresh: {2}\n{0}  lost: {3}\n", indent, pfc.quanta,
                 pfc.refresh == Duration() ? "auto" : to_text(pfc.refresh), to_text(pfc.lost));
  fmt::format_to(out, "{}  response: {}  # a pause acts {} after the decision\n", indent,
                 to_text(pfc.pause_delay - travel), to_text(pfc.pause_delay));
  if (pfc.watchdog.detection == Duration()) return;
  fmt::format_to(out, "{}  watchdog: {{ detection: {}, restoration: {}, action: {} }}\n", indent,
                 to_text(pfc.watchdog.detection), to_text(pfc.watchdog.restoration),
                 pfc.watchdog.action == core::WatchdogAction::kDrop ? "drop" : "forward");
}

void write_far_end(Out out, const Link& link, Direction direction, Bytes largest_frame,
                   std::string_view indent) {
  const core::FarEnd& far_end = link.directions[direction].far_end;
  if (far_end.rate == BitRate()) {
    if (link.carries_pause) fmt::format_to(out, "{}far_end: {{ pfc: {{ mode: carried }} }}\n", indent);
    return;
  }
  fmt::format_to(out, "{0}far_end:\n{0}  rate: {1}\n{0}  buffer: {2}\n", indent, to_text(far_end.rate),
                 to_text(far_end.buffer));
  if (far_end.pfc.classes == 0) return;
  const Duration travel = pause_travel(link.directions[1 - direction], largest_frame);
  write_pfc(out, far_end.pfc, travel, std::string(indent) + "  ");
}

std::string change_text(const core::Change& change) {
  Pieces keys;
  if (change.rate) keys.add("rate", to_text(*change.rate));
  if (change.delay) keys.add("delay", to_text(*change.delay));
  if (change.delay) keys.add("new_route", flag(change.new_route));
  if (change.loss) keys.add("loss", to_text(*change.loss));
  if (change.buffer) keys.add("buffer", to_text(*change.buffer));
  if (change.dark) keys.add("dark", flag(*change.dark));
  if (change.blackhole) keys.add("blackhole", flag(*change.blackhole));
  if (change.burst != 0) keys.add("burst", fmt::format("{} frames", change.burst));
  if (change.member) {
    keys.add("member", fmt::format("{{ index: {}, up: {} }}", change.member->index, flag(change.member->up)));
  }
  if (change.storm) keys.add("storm", class_list(*change.storm));
  return keys.map();
}

void write_timeline(Out out, const std::vector<core::Event>& events, std::string_view indent) {
  if (events.empty()) return;
  fmt::format_to(out, "{}timeline:\n", indent);
  for (const core::Event& event : events) {
    Pieces keys;
    keys.add("at", to_text(event.at));
    keys.add("after", event.origin == core::Origin::kStart ? "start" : "first-frame");
    if (event.period != Duration()) {
      keys.add("every", to_text(event.period));
      keys.add("times", event.times == 0 ? "forever" : std::to_string(event.times));
    }
    keys.add("change", change_text(event.change));
    fmt::format_to(out, "{}  - {}\n", indent, keys.map());
  }
}

}  // namespace

std::string effective_sections(const Link& link, Direction direction, Bytes largest_frame,
                               std::string_view indent) {
  const core::LinkConfig& config = link.directions[direction];
  std::string text;
  const Out out(text);
  write_queues(out, config.queues, indent);
  write_waves(out, config.waves, indent);
  write_far_end(out, link, direction, largest_frame, indent);
  write_timeline(out, config.timeline.events, indent);
  return text;
}

}  // namespace longhaul::topology
