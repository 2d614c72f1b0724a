// SPDX-License-Identifier: GPL-2.0-only
//
// background.csv: what background traffic left of each link that has any, as real frames met it, one row for
// each direction and sample (columns in docs/results.md). Buffered as csv_file.h says. One thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "emulator/core/background.h"
#include "results/csv_file.h"

namespace longhaul::results {

class BackgroundCsv {
 public:
  // Creates or empties `path` and writes the head line. Throws std::runtime_error with path and reason.
  explicit BackgroundCsv(const std::filesystem::path& path)
      : file_(path, "time_s,link,from,to,share_left,wait_us,loss,mark") {}

  // Appends a row. Throws std::runtime_error when a block cannot be written, or after close().
  void write(Duration since_start, std::string_view link, std::string_view from, std::string_view to,
             const core::Background& background);

  // Writes what is buffered and closes; the second call does nothing. Throws std::runtime_error when it
  // cannot.
  void close() { file_.close(); }

 private:
  CsvFile file_;
};

}  // namespace longhaul::results
