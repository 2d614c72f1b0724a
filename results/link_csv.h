// SPDX-License-Identifier: GPL-2.0-only
//
// links.csv: one row per sample and link direction, counters cumulative since the start (docs/results.md
// names the columns). Columns keep their place from version to version; new ones come at the end, those of
// traffic classes last of all. Buffered as csv_file.h says. One thread. Opens nothing but its file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"
#include "results/csv_file.h"

namespace longhaul::results {

class LinkCsv {
 public:
  // Creates or empties `path` and writes the head line. `classes`: the most that any link has; with one there
  // are no columns for classes. Throws std::runtime_error with path and reason.
  explicit LinkCsv(const std::filesystem::path& path, std::size_t classes = 1);

  // Appends a row. `counters.queue_peak_bytes` goes out as given: the caller chooses over which interval it
  // is. `classes` of this link: columns of classes that it does not have stay empty. Throws
  // std::runtime_error when a block cannot be written, or after close().
  void write(Duration since_start, std::string_view link, std::string_view from, std::string_view to,
             const core::LinkCounters& counters, std::size_t classes = 1);

  // Writes what is buffered and closes; the second call does nothing. Throws std::runtime_error when it
  // cannot.
  void close();

  // The names of the columns in order, separated by commas.
  static std::string header(std::size_t classes = 1);

 private:
  CsvFile file_;
  std::size_t classes_;  // that have columns
};

}  // namespace longhaul::results
