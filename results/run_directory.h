// SPDX-License-Identifier: GPL-2.0-only
//
// Where a run leaves its files. Never reuses or empties a directory that holds something. Two runs that start
// in the same second get two directories, also from two processes. Errors: std::runtime_error with path and
// reason.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "results/time_text.h"

namespace longhaul::results {

// Makes `<base>/<name>-<YYYYmmdd-HHMMSS>` in UTC, with -2, -3... when that is taken, and returns it. In
// `name`, characters other than letters, digits, '.', '_' and '-' become '-'.
std::filesystem::path make_run_directory(const std::filesystem::path& base, const std::string& name,
                                         CalendarTime started);

// Makes `directory` with its parents, or takes it when it is there and empty.
void make_out_directory(const std::filesystem::path& directory);

// A run's directory, gone again unless the run came to its end and left a file there.
class RunDirectory {
 public:
  // `out` itself, or without one a directory below `base` for a run of that name which starts now.
  RunDirectory(const std::optional<std::filesystem::path>& out, const std::filesystem::path& base,
               const std::string& name);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  // The end of the run. Returns the directory; an empty path when there is nothing to keep.
  std::filesystem::path keep();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace longhaul::results
