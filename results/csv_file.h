// SPDX-License-Identifier: GPL-2.0-only
//
// A file of comma-separated values being written (RFC 4180: comma, CRLF, quotes only where a text needs
// them), field by field. Rows are buffered and reach the file in whole blocks; after a kill the last row may
// be cut short. One thread. Formatting allocates nothing in the steady state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "emulator/core/units.h"

namespace longhaul::results {

class CsvFile {
 public:
  // Creates or empties `path` and writes the head line, which comes without its end. Throws
  // std::runtime_error with path and reason.
  CsvFile(const std::filesystem::path& path, std::string_view head);
  ~CsvFile();  // writes what is buffered, without a word about errors: call close() to hear of them
  CsvFile(const CsvFile&) = delete;
  CsvFile& operator=(const CsvFile&) = delete;

  // The next field of the row.
  void text(std::string_view text);
  void number(std::uint64_t number);
  void seconds(Duration time);  // with nine decimals
  void nothing();

  // Ends the row. Throws std::runtime_error when a block cannot be written, or after close().
  void end_row();

  // Writes what is buffered and closes; the second call does nothing. Throws std::runtime_error when it
  // cannot.
  void close();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace longhaul::results
