// SPDX-License-Identifier: GPL-2.0-only
//
// links.csv: one row per sample and link direction, counters cumulative since the start. RFC 4180: comma,
// CRLF, quotes only where a name needs them; the first line names the columns, two for each core::DropCause.
// Rows are buffered and reach the file in whole blocks; after a kill the last row may be cut short. One
// thread. Opens nothing but its file; formatting allocates nothing in the steady state.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"

namespace longhaul::results {

class LinkCsv {
 public:
  // Creates or empties `path` and writes the head line. Throws std::runtime_error with path and reason.
  explicit LinkCsv(const std::filesystem::path& path);
  ~LinkCsv();  // writes what is buffered, without a word about errors: call close() to hear of them
  LinkCsv(const LinkCsv&) = delete;
  LinkCsv& operator=(const LinkCsv&) = delete;

  // Appends a row. `counters.queue_peak_bytes` goes out as given: the caller chooses over which interval it
  // is. Throws std::runtime_error when a block cannot be written, or after close().
  void write(Duration since_start, std::string_view link, std::string_view from, std::string_view to,
             const core::LinkCounters& counters);

  // Writes what is buffered and closes; the second call does nothing. Throws std::runtime_error when it
  // cannot.
  void close();

  // The names of the columns in order, separated by commas.
  static std::string header();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace longhaul::results
