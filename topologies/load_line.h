// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of a link that say what happens to a frame on the line: loss, overhead, jitter, order, drift,
// reordering, duplication, corruption, bit errors, and a recorded trace. A part of load_links.h. Data files
// are named relative to the file that names them. Every failure is a ConfigError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/model.h"
#include "topologies/netem_words.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

core::LossModel read_loss(const YamlValue& value);
Bytes read_overhead(const YamlValue& value);
core::Jitter read_jitter(const YamlValue& value);
core::Order read_order(const YamlValue& value);
std::int64_t read_drift(const YamlValue& value);  // ps/s
core::Reorder read_reorder(const YamlValue& value);
core::Duplicate read_duplicate(const YamlValue& value);
core::Corrupt read_corrupt(const YamlValue& value);
core::BitErrors read_bit_errors(const YamlValue& value);
core::Trace read_trace(const YamlValue& value);

// Reads netem's words.
Netem read_netem(const YamlValue& value);

// What is wrong with the probabilities together; empty when nothing is.
std::string four_state_problem(const core::loss::FourState& model);

// The table of a .dist file that `value` names.
std::vector<std::int16_t> read_jitter_file(const YamlValue& value, std::string_view name);

// Fails at `at` when a buffer of the trace does not hold the largest frame.
void check_trace(const YamlValue& at, Link& link, Direction direction, const Topology& topology);

}  // namespace longhaul::topology
