// SPDX-License-Identifier: GPL-2.0-only
#include "tests/topologies/corpus.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace longhaul::test {

std::filesystem::path in_project(const std::string& path) {
  return std::filesystem::path(LONGHAUL_SOURCE_ROOT) / path;
}

std::string slurp(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string expectation(const std::string& text) {
  constexpr std::string_view kMark = "# expect: ";
  if (!text.starts_with(kMark)) return {};
  return text.substr(kMark.size(), text.find('\n') - kMark.size());
}

std::string damaged(std::string text, std::mt19937_64& random) {
  using namespace std::string_view_literals;
  constexpr std::array kPieces{"\t"sv,
                               "\n"sv,
                               "\0"sv,
                               ": "sv,
                               "- "sv,
                               "? "sv,
                               "{"sv,
                               "}"sv,
                               "["sv,
                               "]"sv,
                               "\""sv,
                               "'"sv,
                               "&a "sv,
                               "*a"sv,
                               "<<: "sv,
                               "!!"sv,
                               "%"sv,
                               "---\n"sv,
                               "...\n"sv,
                               "| "sv,
                               "> "sv,
                               "#"sv,
                               "\xff"sv,
                               "\xc3"sv,
                               "\xe2\x80\xa8"sv,
                               "\xef\xbb\xbf"sv,
                               "\r\n"sv,
                               "\\x00"sv,
                               "nan"sv,
                               "-"sv,
                               "1e999"sv,
                               "0x10"sv,
                               "99999999999999999999"sv,
                               "e-400"sv,
                               "~"sv,
                               "null"sv,
                               " "sv,
                               "0"sv,
                               "forward: {delay: 1 s}"sv,
                               "\xc2\x85"sv,
                               "great-circle"sv,
                               "bdp"sv,
                               "%"sv,
                               "[[[[[[[[[[[[[[[[[[[["sv};
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(random() % std::max<std::size_t>(n, 1));
  };
  const std::size_t changes = 1 + below(8);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(12), text.size() - at);
    const std::string piece = text.substr(at, length);
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, piece);
        break;
      case 2:
        text.insert(below(text.size() + 1), piece);
        break;
      case 3:
        text.replace(at, length, kPieces[below(kPieces.size())]);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
    }
  }
  return text;
}

}  // namespace longhaul::test
