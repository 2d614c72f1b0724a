// SPDX-License-Identifier: GPL-2.0-only
//
// Recorded courses of a link (core::Trace) as text, in two formats. Every failure is a LineError.
//
// CSV: a header names columns out of time_s, rate_bps, delay_s, loss and buffer_bytes, time first; times
// ascend strictly, and an empty cell leaves things as they are. Mahimahi: each line is a time in whole
// milliseconds, in ascending order, at which 1,504 bytes could be sent; here the rate is constant over each
// millisecond, so that such bytes are sent in the millisecond that ends then.
#pragma once

#include <string>
#include <string_view>

#include "emulator/core/timeline.h"
#include "topologies/data_file.h"

namespace longhaul::topology {

// The rows; no period. `#` begins a comment line.
core::Trace parse_trace_csv(std::string_view text);

// The rows and the period, the last time of the file.
core::Trace parse_mahimahi(std::string_view text);

// The rows as CSV that parse_trace_csv() reads, with `separator` between lines.
std::string trace_csv(const core::Trace& trace, std::string_view separator);

}  // namespace longhaul::topology
