// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/change_text.h"

#include <fmt/format.h>

#include "emulator/core/queue_config.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

using topology::to_text;

std::string storm_text(std::uint8_t classes) {
  if (classes == 0) return "pause storm over";
  std::string text = "pause storm on class";
  for (unsigned c = 0; c < core::kMostClasses; ++c) {
    if ((classes >> c & 1u) != 0) text += fmt::format(" {}", c);
  }
  return text;
}

}  // namespace

std::string change_text(const core::Change& change) {
  std::string text;
  const auto add = [&](std::string_view item) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", item);
  };
  if (change.dark) add(*change.dark ? "dark" : "light");
  if (change.rate) add(*change.rate == BitRate() ? "stalled" : "rate " + to_text(*change.rate));
  if (change.delay) {
    add(fmt::format("delay {}{}", to_text(*change.delay), change.new_route ? " on a new route" : ""));
  }
  if (change.loss) add("loss " + to_text(*change.loss));
  if (change.buffer) add("buffer " + to_text(*change.buffer));
  if (change.blackhole) add(*change.blackhole ? "black hole" : "no black hole");
  if (change.burst != 0) add(fmt::format("the next {} frames lost", change.burst));
  if (change.member) add(fmt::format("wave {} {}", change.member->index, change.member->up ? "up" : "down"));
  if (change.storm) add(storm_text(*change.storm));
  return text;
}

}  // namespace longhaul::scenario
