// SPDX-License-Identifier: GPL-2.0-only
//
// Text laid out for a terminal: columns that line up, lines that wrap, numbers in a given width. Widths count
// Unicode code points, so names with accents line up; nothing here knows of double-width characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::results {

inline constexpr std::size_t kTextWidth = 110;  // of everything that a run prints at its end

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
  std::string heading;
  std::string unit;  // second heading line; left out when no column has one
  Align align = Align::kRight;
};

// A table whose columns are as wide as their widest cell and stand two spaces apart. Heading lines begin with
// "# ", rows with two spaces.
class TextGrid {
 public:
  explicit TextGrid(std::vector<Column> columns);

  // Appends a row; cells that are missing at its end stay empty.
  void add(std::vector<std::string> cells);

  // Appends a line that keeps to no column, two spaces in.
  void add_line(std::string line);

  std::string text() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string line;  // instead of cells when not empty
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

// `text`, or its beginning and end around ".." when it is longer than `width`.
std::string fit(std::string_view text, std::size_t width);

// `text` broken at spaces into lines of at most kTextWidth (a longer word stays whole): the first indented by
// `indent` spaces, the others by two more. Ends in a newline.
std::string wrap(std::string_view text, std::size_t indent);

// `value` right-aligned in `width` >= 6, with `decimals` decimals or as many as fit, as nccl-tests prints its
// figures.
std::string number(double value, int width, int decimals);

}  // namespace longhaul::results
