// SPDX-License-Identifier: GPL-2.0-only
//
// The kinds of topologies that generate.cc makes, as a table: name, parameters, and what builds it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "topologies/exchange/draft.h"
#include "topologies/quantity.h"

namespace longhaul::topology {

enum class Unit : std::uint8_t { kCount, kEvenCount, kRate, kDelay, kDistance };

struct Parameter {
  std::string_view name;
  Unit unit = Unit::kCount;
  std::string_view fallback;  // as written
  std::string_view meaning;
  std::uint64_t least = 0, most = 0;  // of counts
};

// By the parameter's unit.
struct Value {
  std::uint64_t count = 0;
  BitRate rate = {};
  Duration delay = {};
  Distance distance = {};
};
using Values = std::map<std::string_view, Value>;

struct Shape {
  std::string_view name;
  std::string_view meaning;
  std::span<const Parameter> parameters;
  void (*build)(const Values& values, Draft& draft);  // with a value for each parameter
};

std::span<const Shape> shapes();

inline constexpr Distance kLongestFibre = Distance::millimetres(100'000'000'000);  // 490 ms

}  // namespace longhaul::topology
