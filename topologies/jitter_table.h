// SPDX-License-Identifier: GPL-2.0-only
//
// Empirical jitter as netem's .dist files hold it: whole numbers from -32768 to 32767, separated by white
// space, in units of the scale / 8192; a line that begins with `#` is a comment. Every failure is a
// LineError.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "topologies/data_file.h"

namespace longhaul::topology {

// The values in ascending order: the quantile function at evenly spaced probabilities.
std::vector<std::int16_t> parse_jitter_table(std::string_view text);

}  // namespace longhaul::topology
