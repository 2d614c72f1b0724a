// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/data_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology {

std::string read_text(const std::filesystem::path& file, std::size_t largest) {
  std::error_code why;
  const auto status = std::filesystem::status(file, why);
  std::string problem;
  if (why) {
    problem = why.message();
  } else if (!std::filesystem::is_regular_file(status)) {
    problem = std::filesystem::exists(status) ? "not a regular file" : "No such file or directory";
  }
  std::string text;
  if (problem.empty()) {
    std::ifstream stream(file, std::ios::binary);
    constexpr std::size_t kStep = std::size_t{1} << 16;
    while (stream && text.size() <= largest) {
      const std::size_t before = text.size();
      text.resize(before + kStep);
      stream.read(text.data() + before, static_cast<std::streamsize>(kStep));
      text.resize(before + static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad() || (!stream.eof() && text.empty())) problem = std::generic_category().message(errno);
  }
  if (!problem.empty())
    throw ConfigError(one_line(fmt::format("cannot read {}: {}", file.string(), problem)));
  return text;
}

std::string read_data(const YamlValue& value, const std::filesystem::path& file) {
  std::string text;
  try {
    text = read_text(file, limits::kLargestDataFile);
  } catch (const ConfigError& e) {
    value.fail(e.what());
  }
  if (text.size() > limits::kLargestDataFile) {
    value.fail(fmt::format("{} is larger than {}", one_line(file.string()),
                           to_text(Bytes(limits::kLargestDataFile))));
  }
  // Data are ASCII; whatever else is in comments must not reach a message.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x7f; }, '?');
  return text;
}

ConfigError data_error(const std::filesystem::path& file, std::string_view kind, const LineError& error) {
  const int line = static_cast<int>(std::max<std::size_t>(error.line(), 1));
  return error_at(file.string(), {line, {}}, kind, error.what());
}

std::string lines_in_place(const YamlValue& value, std::string_view needed) {
  std::string text = value.text(needed);
  std::replace(text.begin(), text.end(), ';', '\n');
  return text;
}

void fail_in_place(const YamlValue& value, const LineError& error) {
  value.fail(error.line() > 1 ? fmt::format("row {}: {}", error.line(), error.what()) : error.what());
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace longhaul::topology
