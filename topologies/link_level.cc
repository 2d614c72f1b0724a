// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/link_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "topologies/load_line.h"
#include "topologies/load_links.h"

namespace longhaul::topology {
namespace {

using core::LinkConfig;

core::Framing read_framing(const YamlValue& value) {
  return value.choice({"wire", "l2"}) == 0 ? core::Framing::kWire : core::Framing::kL2;
}

BufferSize read_buffer(const YamlValue& value) {
  return value.read(parse_buffer, "a size (64 MiB), a time (5 ms) or bdp (1 bdp)");
}

// A key whose value fills a part of a LinkConfig of its own.
struct Key {
  std::string_view name;
  void (*read)(const YamlValue& value, LinkConfig& config);
  void (*copy)(const LinkConfig& from, LinkConfig& to);
};

// The key `name`: `read_part`, a function of a YamlValue, gives the part of a LinkConfig that `part` (a
// member or a function that gives a reference) names.
template <auto part, auto read_part>
constexpr Key key(std::string_view name) {
  return {name,
          [](const YamlValue& value, LinkConfig& config) { std::invoke(part, config) = read_part(value); },
          [](const LinkConfig& from, LinkConfig& to) { std::invoke(part, to) = std::invoke(part, from); }};
}

// The same for a part of LinkConfig::line.
template <auto member, auto read_part>
constexpr Key line_key(std::string_view name) {
  return key < [](auto& config) -> auto& {
    return config.line.*member;
  }
  , read_part > (name);
}

constexpr std::array kKeys{
    key<&LinkConfig::rate, read_rate>("rate"), key<&LinkConfig::framing, read_framing>("framing"),
    key<&LinkConfig::overhead, read_overhead>("overhead"), key<&LinkConfig::loss, read_loss>("loss"),
    line_key<&core::LineConfig::jitter, read_jitter>("jitter"),
    line_key<&core::LineConfig::order, read_order>("order"),
    line_key<&core::LineConfig::drift_ps_per_s, read_drift>("drift"),
    line_key<&core::LineConfig::reorder, read_reorder>("reorder"),
    line_key<&core::LineConfig::duplicate, read_duplicate>("duplicate"),
    line_key<&core::LineConfig::corrupt, read_corrupt>("corrupt"),
    line_key<&core::LineConfig::bit_errors, read_bit_errors>("bit_errors"),
    key < [](auto& config) -> auto& {return config.timeline.trace;
}  // namespace
, read_trace > ("trace"),
};  // namespace longhaul::topology

constexpr std::size_t kQueuesSection = 0;
static_assert(kSectionKeys[kQueuesSection] == "queues");

std::size_t index_of(std::string_view name) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& k) { return k.name == name; });
  return static_cast<std::size_t>(found - kKeys.begin());
}

// Whether netem's word for `key` counts beside what the level says itself; fails when both were written in
// the same place.
bool counts(const YamlValue& netem, std::string_view key, const std::optional<YamlValue>& own) {
  if (!own) return true;
  if (own->rank() == netem.rank()) {
    netem.fail_key(
        fmt::format("says {}, and the key {} is there too, allowed: one of the two", key, own->key()));
  }
  return netem.rank() > own->rank();
}

}  // namespace

std::vector<std::string_view> direction_keys() {
  std::vector<std::string_view> names{"distance", "route_factor", "fibre", "delay"};
  for (const Key& k : kKeys) names.push_back(k.name);
  names.insert(names.begin() + 6, "buffer");
  names.insert(names.end(), {"netem", "hooks"});
  names.insert(names.end(), kSectionKeys.begin(), kSectionKeys.end());
  return names;
}

std::vector<std::string_view> link_keys() {
  std::vector<std::string_view> names = direction_keys();
  names.insert(names.begin(), {"between", "cost"});
  names.insert(names.end(), {"forward", "reverse"});
  return names;
}

LinkLevel LinkLevel::read(const YamlMap& map) {
  LinkLevel level;
  level.route_ = RouteLevel::read(map);
  take(map, "buffer", level.buffer_, read_buffer);
  level.given_.resize(kKeys.size());
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if ((level.given_[i] = map.find(kKeys[i].name))) kKeys[i].read(*level.given_[i], level.config_);
  }
  level.sections_ = find_sections(map);
  if ((level.netem_ = map.find("netem"))) level.add_netem(*level.netem_);
  level.route_.check_together();
  return level;
}

void LinkLevel::add_netem(const YamlValue& at) {
  const Netem netem = read_netem(at);
  for (const std::string_view name : netem.keys) {
    if (name == "delay") {
      add_delay(at, *netem.delay);
    } else if (name == "queues") {
      add_limit(at, netem.config.queues.classes[0].limit_frames);
    } else if (const std::size_t i = index_of(name); counts(at, name, given_[i])) {
      given_[i] = at;
      kKeys[i].copy(netem.config, config_);
    }
  }
  for (const std::string_view name : netem.implied) {
    const std::size_t i = index_of(name);
    if (given_[i]) continue;
    given_[i] = at;
    kKeys[i].copy(netem.config, config_);
  }
}

void LinkLevel::add_delay(const YamlValue& netem, Duration delay) {
  const auto place = [](const auto& field) { return field ? std::optional(field->at) : std::nullopt; };
  if (!counts(netem, "delay", place(route_.delay)) || !counts(netem, "delay", place(route_.distance))) return;
  route_.delay = Field<Duration>{delay, netem};
}

void LinkLevel::add_limit(const YamlValue& netem, std::uint64_t frames) {
  auto& queues = sections_[kQueuesSection];
  if (!counts(netem, "limit", queues)) return;
  queues.reset();
  limit_ = Field<std::uint64_t>{frames, netem};
  config_.queues.classes[0].limit_frames = frames;
}

void LinkLevel::inherit(const LinkLevel& link) {
  given_.resize(kKeys.size());
  // netem's words are one key: those of a direction replace the link's.
  const auto replaced = [&](const YamlValue& at) { return netem_ && at.key() == "netem"; };
  RouteLevel from = link.route_;
  if (from.delay && replaced(from.delay->at)) from.delay.reset();
  route_.inherit(from);
  if (!buffer_) buffer_ = link.buffer_;
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (given_[i] || !link.given_[i] || replaced(*link.given_[i])) continue;
    given_[i] = link.given_[i];
    kKeys[i].copy(link.config_, config_);
  }
  if (limit_ && link.sections_[kQueuesSection]) {
    limit_->at.fail_key("gives limit in place of the link's queues, allowed: queues of this direction");
  }
  if (!limit_ && link.limit_ && !replaced(link.limit_->at)) config_.queues = link.config_.queues;
}

const std::optional<YamlValue>& LinkLevel::given(std::string_view key) const {
  return given_.at(index_of(key));
}

}  // namespace longhaul::topology
