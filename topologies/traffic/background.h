// SPDX-License-Identifier: GPL-2.0-only
//
// Traffic of others from one site to another, and the way that it takes: one of least cost; where several are
// equally good, at each site the one that its name chooses by its hash, as a flow's would. Plain data and
// pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"
#include "topologies/traffic/source_config.h"

namespace longhaul::traffic {

inline constexpr std::uint8_t kOwnClass = 0xFF;

struct Background {
  std::string name;
  std::size_t from = 0, to = 0;  // sites, not the same
  SourceConfig source;
  // The traffic class that it waits in on every link of its way; kOwnClass: where frames without marks wait.
  std::uint8_t traffic_class = kOwnClass;

  bool operator==(const Background&) const = default;
};

// In order of travel. Throws std::invalid_argument when the links do not join the two.
std::vector<topology::Hop> way_of(const topology::Topology& topology, std::string_view name, std::size_t from,
                                  std::size_t to);

// Each direction of a link that carries any of them, once, by link and then direction.
std::vector<topology::Hop> hops_of(const topology::Topology& topology, const std::vector<Background>& all);

// The longest that frames may wait behind background on a direction of a link: its largest buffer at its
// lowest rate, its timeline's included; at most 10 s.
Duration most_wait(const core::LinkConfig& link);

// The L2 rate of packets of this size that fills a direction of a link.
double full_rate(const core::LinkConfig& link, std::uint32_t packet);

// The least of full_rate() on a way that is not empty.
double full_rate(const topology::Topology& topology, const std::vector<topology::Hop>& way,
                 std::uint32_t packet);

}  // namespace longhaul::traffic
