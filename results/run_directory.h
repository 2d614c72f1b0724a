// SPDX-License-Identifier: GPL-2.0-only
//
// Where a run leaves its files. Never reuses or empties a directory that holds something. Two runs that start
// in the same second get two directories, also from two processes. Errors: std::runtime_error with path and
// reason.
#pragma once

#include <filesystem>
#include <string>

#include "results/time_text.h"

namespace longhaul::results {

// Makes `<base>/<name>-<YYYYmmdd-HHMMSS>` in UTC, with -2, -3... when that is taken, and returns it. In
// `name`, characters other than letters, digits, '.', '_' and '-' become '-'.
std::filesystem::path make_run_directory(const std::filesystem::path& base, const std::string& name,
                                         CalendarTime started);

// Makes `directory` with its parents, or takes it when it is there and empty.
void make_out_directory(const std::filesystem::path& directory);

}  // namespace longhaul::results
