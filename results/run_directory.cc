// SPDX-License-Identifier: GPL-2.0-only
#include "results/run_directory.h"

#include <fmt/format.h>
#include <chrono>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace longhaul::results {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& directory, std::string_view why) {
  throw std::runtime_error(fmt::format("cannot use {} for results: {}", directory.string(), why));
}

void make_with_parents(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) fail(directory, error.message());
}

std::string as_file_name(std::string name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !is_plain(c); }, '-');
  if (!name.empty() && name.front() == '.') name.front() = '-';
  return name;
}

}  // namespace

fs::path make_run_directory(const fs::path& base, const std::string& name, CalendarTime started) {
  make_with_parents(base);
  const std::string stem = fmt::format("{}-{}", as_file_name(name), compact_utc(started));
  for (int attempt = 1;; ++attempt) {
    const fs::path directory = base / (attempt == 1 ? stem : fmt::format("{}-{}", stem, attempt));
    std::error_code error;
    if (fs::create_directory(directory, error)) return directory;
    if (error && error != std::errc::file_exists) fail(directory, error.message());
  }
}

void make_out_directory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) return make_with_parents(directory);
  if (error) fail(directory, error.message());
  if (!fs::is_directory(status)) fail(directory, "it is not a directory");
  const bool empty = fs::is_empty(directory, error);
  if (error) fail(directory, error.message());
  if (!empty) fail(directory, "it is not empty");
}

RunDirectory::RunDirectory(const std::optional<std::filesystem::path>& out, const std::filesystem::path& base,
                           const std::string& name) {
  if (out) {
    make_out_directory(*out);
    path_ = *out;
  } else {
    path_ = make_run_directory(base, name, std::chrono::system_clock::now());
  }
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path RunDirectory::keep() {
  std::error_code ignored;
  kept_ = !std::filesystem::is_empty(path_, ignored);
  return kept_ ? path_ : std::filesystem::path();
}

}  // namespace longhaul::results
