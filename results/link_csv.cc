// SPDX-License-Identifier: GPL-2.0-only
#include "results/link_csv.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace longhaul::results {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

void append_field(fmt::memory_buffer& row, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    row.append(text);
  } else {
    row.push_back('"');
    for (const char c : text) {
      if (c == '"') row.push_back('"');
      row.push_back(c);
    }
    row.push_back('"');
  }
  row.push_back(',');
}

void append_tally(fmt::memory_buffer& row, const core::Tally& tally) {
  fmt::format_to(std::back_inserter(row), "{},{},", tally.frames, tally.bytes);
}

}  // namespace

struct LinkCsv::Implementation {
  std::filesystem::path path;
  std::FILE* file = nullptr;
  fmt::memory_buffer row;

  [[noreturn]] void fail(int error) const {
    throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
  }
  void put(std::string_view text) {
    if (file == nullptr) fail(EBADF);
    if (std::fwrite(text.data(), 1, text.size(), file) != text.size()) fail(errno);
  }
};

std::string LinkCsv::header() {
  std::string text = "time_s,link,from,to,frames_in,bytes_in,frames_out,bytes_out";
  for (std::size_t i = 0; i < core::kDropCauses; ++i) {
    text += fmt::format(",frames_dropped_{0},bytes_dropped_{0}", name(static_cast<core::DropCause>(i)));
  }
  return text + ",frames_held,bytes_held,queue_bytes,queue_peak_bytes";
}

LinkCsv::LinkCsv(const std::filesystem::path& path) : implementation_(std::make_unique<Implementation>()) {
  implementation_->path = path;
  implementation_->file = std::fopen(path.c_str(), "wbe");
  if (implementation_->file == nullptr) implementation_->fail(errno);
  std::setvbuf(implementation_->file, nullptr, _IOFBF, kBlockBytes);
  implementation_->put(header() + "\r\n");
}

LinkCsv::~LinkCsv() {
  if (implementation_->file != nullptr) std::fclose(implementation_->file);
}

void LinkCsv::write(Duration since_start, std::string_view link, std::string_view from, std::string_view to,
                    const core::LinkCounters& counters) {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  fmt::memory_buffer& row = implementation_->row;
  row.clear();
  fmt::format_to(std::back_inserter(row), "{}.{:09},", since_start.ns() / kNanosecondsPerSecond,
                 since_start.ns() % kNanosecondsPerSecond);
  append_field(row, link);
  append_field(row, from);
  append_field(row, to);
  append_tally(row, counters.in);
  append_tally(row, counters.out);
  for (const core::Tally& cause : counters.dropped) append_tally(row, cause);
  append_tally(row, counters.held);
  fmt::format_to(std::back_inserter(row), "{},{}\r\n", counters.queue_bytes, counters.queue_peak_bytes);
  implementation_->put({row.data(), row.size()});
}

void LinkCsv::close() {
  std::FILE* file = std::exchange(implementation_->file, nullptr);
  if (file != nullptr && std::fclose(file) != 0) implementation_->fail(errno);
}

}  // namespace longhaul::results
