// SPDX-License-Identifier: GPL-2.0-only
//
// One level of a link as written: of the link itself, or of its forward or reverse, and what a direction
// takes from its link. A key of a direction replaces the link's whole key. netem's words stand for several
// keys at once (netem_words.h). A part of load_links.h; every failure is a ConfigError.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "topologies/load_route.h"
#include "topologies/load_sections.h"
#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

class LinkLevel {
 public:
  // Reads the keys of a mapping, which direction_keys() or link_keys() has checked.
  static LinkLevel read(const YamlMap& map);

  // Takes from the link what this direction does not say itself.
  void inherit(const LinkLevel& link);

  // Where a key was given that is not a section, the delay or the buffer; none when it was not.
  const std::optional<YamlValue>& given(std::string_view key) const;

  // All but delay, buffer and sections.
  const core::LinkConfig& config() const { return config_; }
  const RouteLevel& route() const { return route_; }
  const Maybe<BufferSize>& buffer() const { return buffer_; }
  const Sections& sections() const { return sections_; }

 private:
  void add_netem(const YamlValue& at);
  void add_delay(const YamlValue& netem, Duration delay);
  void add_limit(const YamlValue& netem, std::uint64_t frames);

  RouteLevel route_;
  Maybe<BufferSize> buffer_;
  Sections sections_;
  std::optional<YamlValue> netem_;
  Maybe<std::uint64_t> limit_;                   // netem's
  std::vector<std::optional<YamlValue>> given_;  // by index of the key
  core::LinkConfig config_;                      // what those that are given say
};

// The keys that a link, or one of its directions, may have.
std::vector<std::string_view> link_keys();
std::vector<std::string_view> direction_keys();

}  // namespace longhaul::topology
