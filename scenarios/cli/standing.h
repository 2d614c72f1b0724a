// SPDX-License-Identifier: GPL-2.0-only
//
// What the commands around a standing testbed share: finding it, and figures for people.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "nic/lab_state.h"
#include "scenarios/control_client.h"

namespace longhaul::scenario {

// Throws std::runtime_error when no testbed is up.
nic::LabRecord running_testbed();

// Throws std::runtime_error when no testbed is up, or it is not ready yet.
ControlClient connect_to_testbed();

// 1234567 "bit/s" as "1.23 Mbit/s": three digits.
std::string si_text(double value, const std::string& unit);

// "wan forward"
std::string direction_name(const nlohmann::ordered_json& direction);

// Frames that a direction dropped, all causes together.
std::uint64_t dropped_frames(const nlohmann::ordered_json& direction);

// A screenful of `longhaul top` from the answer to `show`; no line is wider than `columns`, which is at
// least 20.
std::vector<std::string> top_lines(const nlohmann::ordered_json& view, std::size_t columns);

}  // namespace longhaul::scenario
