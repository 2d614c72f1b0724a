// SPDX-License-Identifier: GPL-2.0-only
#include "results/text_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace longhaul::results {
namespace {

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

// Byte offset of code point number `index`, or the size when there are fewer.
std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; offset < text.size(); ++offset) {
    if (starts_code_point(text[offset]) && index-- == 0) break;
  }
  return offset;
}

std::string padded(const std::string& text, std::size_t width, Align align) {
  const std::size_t used = width_of(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::kLeft ? text + space : space + text;
}

void append_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + '\n';
}

}  // namespace

TextGrid::TextGrid(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextGrid::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), {}});
}

void TextGrid::add_line(std::string line) {
  rows_.push_back({{}, std::move(line)});
}

std::string TextGrid::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(std::max(width_of(columns_[i].heading), width_of(columns_[i].unit)));
    for (const Row& row : rows_) {
      if (row.line.empty()) widths[i] = std::max(widths[i], width_of(row.cells[i]));
    }
  }
  std::string text;
  const auto append_cells = [&](std::string line, auto&& cell_of) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      line += padded(cell_of(i), widths[i], columns_[i].align);
    }
    append_line(text, std::move(line));
  };
  append_cells("# ", [&](std::size_t i) { return columns_[i].heading; });
  if (std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.unit.empty(); })) {
    append_cells("# ", [&](std::size_t i) { return columns_[i].unit; });
  }
  for (const Row& row : rows_) {
    if (row.line.empty()) {
      append_cells("  ", [&](std::size_t i) { return row.cells[i]; });
    } else {
      append_line(text, "  " + row.line);
    }
  }
  return text;
}

std::string fit(std::string_view text, std::size_t width) {
  const std::size_t used = width_of(text);
  if (used <= width) return std::string(text);
  const std::size_t kept = width > 2 ? width - 2 : 0;
  const std::size_t tail = kept / 2;
  return std::string(text.substr(0, offset_of(text, kept - tail))) + ".." +
         std::string(text.substr(offset_of(text, used - tail)));
}

std::string wrap(std::string_view text, std::size_t indent) {
  std::string result;
  std::string line(indent, ' ');
  bool line_has_words = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (line_has_words && width_of(line) + 1 + width_of(word) > kTextWidth) {
      append_line(result, std::move(line));
      line = std::string(indent + 2, ' ');
      line_has_words = false;
    }
    if (line_has_words) line += ' ';
    line += word;
    line_has_words = true;
  }
  append_line(result, std::move(line));
  return result;
}

std::string number(double value, int width, int decimals) {
  for (int precision = decimals; precision >= 0; --precision) {
    std::string text = fmt::format("{:{}.{}f}", value, width, precision);
    if (text.size() <= static_cast<std::size_t>(width)) return text;
  }
  return fmt::format("{:{}.{}e}", value, width, width >= 7 ? 1 : 0);
}

}  // namespace longhaul::results
