// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/cli/standing.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace longhaul::scenario {

using Json = nlohmann::ordered_json;

nic::LabRecord running_testbed() {
  if (auto record = nic::find_running()) return *record;
  throw std::runtime_error("no testbed is up; start one with `longhaul up TOPOLOGY`");
}

ControlClient connect_to_testbed() {
  const nic::LabRecord record = running_testbed();
  if (record.control_socket.empty())
    throw std::runtime_error(record.run + " is still being set up; ask again");
  return ControlClient(record.control_socket);
}

std::string si_text(double value, const std::string& unit) {
  constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T"};
  std::size_t prefix = 0;
  for (; value >= 999.5 && prefix + 1 < std::size(kPrefixes); ++prefix) value /= 1000;
  const int decimals = prefix == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}{}", value, decimals, kPrefixes[prefix], unit);
}

std::string direction_name(const Json& direction) {
  return direction["link"].get<std::string>() + " " + direction["direction"].get<std::string>();
}

std::uint64_t dropped_frames(const Json& direction) {
  std::uint64_t frames = 0;
  for (const Json& cause : direction["dropped"]) frames += cause["frames"].get<std::uint64_t>();
  return frames;
}

}  // namespace longhaul::scenario
