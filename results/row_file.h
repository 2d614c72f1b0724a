// SPDX-License-Identifier: GPL-2.0-only
//
// A file of rows that a run writes as it goes, such as links.csv. When it cannot be written the file goes, is
// noted, and the run goes on without it. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace longhaul::results {

// `unwritten` gets the reason, in one line, and outlives this. The file is open from the start; what opening
// it throws is thrown.
template <typename Csv>
class RowFile {
 public:
  template <typename... Form>
  RowFile(std::vector<std::string>& unwritten, std::filesystem::path path, const Form&... form)
      : unwritten_(unwritten), path_(std::move(path)), file_(std::in_place, path_, form...) {}
  template <typename Action>
  void with(Action&& action) {
    if (!file_) return;
    try {
      action(*file_);
    } catch (const std::runtime_error& error) {
      file_.reset();
      std::error_code ignored;
      std::filesystem::remove(path_, ignored);
      unwritten_.push_back(error.what());
    }
  }

 private:
  std::vector<std::string>& unwritten_;
  std::filesystem::path path_;
  std::optional<Csv> file_;
};

}  // namespace longhaul::results
