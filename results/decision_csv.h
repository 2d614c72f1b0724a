// SPDX-License-Identifier: GPL-2.0-only
//
// decisions.csv: one row for each frame that a link did not simply carry, and why (core/decision_log.h). Rows
// of one direction are in the order in which the link decided. The positions of one wave's rows with the
// stage `line` and the cause `line_loss` are what a position pattern loses again. Buffered as csv_file.h
// says. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "emulator/core/decision_log.h"
#include "results/csv_file.h"

namespace longhaul::results {

class DecisionCsv {
 public:
  // Creates or empties `path` and writes the head line. Throws std::runtime_error with path and reason.
  explicit DecisionCsv(const std::filesystem::path& path);

  // Appends a row. Throws std::runtime_error when a block cannot be written, or after close().
  void write(std::string_view link, std::string_view from, std::string_view to,
             const core::Decision& decision);
  std::uint64_t rows() const { return rows_; }

  // Writes what is buffered and closes; the second call does nothing. Throws std::runtime_error when it
  // cannot.
  void close() { file_.close(); }

 private:
  CsvFile file_;
  std::uint64_t rows_ = 0;
};

}  // namespace longhaul::results
