// SPDX-License-Identifier: GPL-2.0-only
#include "results/csv_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace longhaul::results {

struct CsvFile::Implementation {
  std::filesystem::path path;
  std::FILE* file = nullptr;
  fmt::memory_buffer row;
  bool begun = false;  // the row has a field

  [[noreturn]] void fail(int error) const {
    throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
  }
  void next_field() {
    if (begun) row.push_back(',');
    begun = true;
  }
};

CsvFile::CsvFile(const std::filesystem::path& path, std::string_view head)
    : implementation_(std::make_unique<Implementation>()) {
  constexpr std::size_t kBlockBytes = 64 * 1024;
  implementation_->path = path;
  implementation_->file = std::fopen(path.c_str(), "wbe");
  if (implementation_->file == nullptr) implementation_->fail(errno);
  std::setvbuf(implementation_->file, nullptr, _IOFBF, kBlockBytes);
  implementation_->row.append(head);
  end_row();
}

CsvFile::~CsvFile() {
  if (implementation_->file != nullptr) std::fclose(implementation_->file);
}

void CsvFile::text(std::string_view text) {
  implementation_->next_field();
  fmt::memory_buffer& row = implementation_->row;
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    row.append(text);
    return;
  }
  row.push_back('"');
  for (const char c : text) {
    if (c == '"') row.push_back('"');
    row.push_back(c);
  }
  row.push_back('"');
}

void CsvFile::number(std::uint64_t number) {
  implementation_->next_field();
  fmt::format_to(std::back_inserter(implementation_->row), "{}", number);
}

void CsvFile::seconds(Duration time) {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  implementation_->next_field();
  fmt::format_to(std::back_inserter(implementation_->row), "{}.{:09}", time.ns() / kNanosecondsPerSecond,
                 time.ns() % kNanosecondsPerSecond);
}

void CsvFile::nothing() {
  implementation_->next_field();
}

void CsvFile::end_row() {
  fmt::memory_buffer& row = implementation_->row;
  row.append(std::string_view("\r\n"));
  if (implementation_->file == nullptr) implementation_->fail(EBADF);
  if (std::fwrite(row.data(), 1, row.size(), implementation_->file) != row.size())
    implementation_->fail(errno);
  row.clear();
  implementation_->begun = false;
}

void CsvFile::close() {
  std::FILE* file = std::exchange(implementation_->file, nullptr);
  if (file != nullptr && std::fclose(file) != 0) implementation_->fail(errno);
}

}  // namespace longhaul::results
