// SPDX-License-Identifier: GPL-2.0-only
//
// Points in calendar time as text, always UTC, to the second. The only clock in a result that has a date;
// every other time in it is a length or counts from the start of the run. Reads no clock.
#pragma once

#include <chrono>
#include <string>

namespace longhaul::results {

using CalendarTime = std::chrono::system_clock::time_point;

// ISO 8601: "2025-11-21T03:25:52Z".
std::string iso8601_utc(CalendarTime time);

// For file names, sorts by time: "20251121-032552".
std::string compact_utc(CalendarTime time);

// As nccl-tests writes its times: "2025-11-21 03:25:52".
std::string nccl_tests_time(CalendarTime time);

// Inverse of iso8601_utc(); throws std::runtime_error when `text` is not of that form.
CalendarTime parse_iso8601_utc(const std::string& text);

}  // namespace longhaul::results
