// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of a link whose values are sections: queues, ecn, waves, far_end, timeline, reserve. They are
// found when a level of the link is read, and read when rates, delays and buffers of both directions are
// known, on which much in them depends. A part of load_links.h; every failure is a ConfigError.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "topologies/model.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

inline constexpr std::array<std::string_view, 6> kSectionKeys{"queues",  "ecn",      "waves",
                                                              "far_end", "timeline", "reserve"};

// The sections of one level as written, by index in kSectionKeys.
using Sections = std::array<std::optional<YamlValue>, kSectionKeys.size()>;

Sections find_sections(const YamlMap& map);

// Reads them into both directions of `link`: what a direction says itself, else what the link says. Of
// `reserve` that holds for each key in it.
void read_sections(const Sections& shared, const std::array<Sections, 2>& own, Bytes largest_frame,
                   Link& link);

}  // namespace longhaul::topology
