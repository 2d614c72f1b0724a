// SPDX-License-Identifier: GPL-2.0-only
//
// Reading files whole, and the errors of data files that a configuration names (traces, positions, jitter
// tables): `file:line: kind: what is wrong`. The same data may stand in the configuration as one text, where
// `;` ends a line. Sizes are bounded, and only regular files are read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// What is wrong in a line of data, from 1; 0 when it is wrong as a whole.
class LineError : public std::runtime_error {
 public:
  LineError(std::size_t line, const std::string& what) : std::runtime_error(what), line_(line) {}
  std::size_t line() const { return line_; }

 private:
  std::size_t line_;
};

// The text of a regular file. Of one larger than `largest` it gives more than that many bytes, not all.
// Throws ConfigError, `cannot read FILE: why`.
std::string read_text(const std::filesystem::path& file, std::size_t largest);

// The text of the data file `name` that `value` names; fails at `value`.
std::string read_data(const YamlValue& value, const std::filesystem::path& file);

// The error for a line of `file`, which holds data of this kind.
ConfigError data_error(const std::filesystem::path& file, std::string_view kind, const LineError& error);

// What `parse`, a function of a text that throws LineError, makes of the file `name` that `value` names.
template <typename Parse>
auto parse_file(const YamlValue& value, std::string_view name, std::string_view kind, Parse parse) {
  const std::filesystem::path file = value.path_of(name);
  const std::string text = read_data(value, file);
  try {
    return parse(std::string_view(text));
  } catch (const LineError& e) {
    throw data_error(file, kind, e);
  }
}

// The text in place: `;` for the ends of lines.
std::string lines_in_place(const YamlValue& value, std::string_view needed);
[[noreturn]] void fail_in_place(const YamlValue& value, const LineError& error);

// What `parse` makes of the text of a scalar.
template <typename Parse>
auto parse_in_place(const YamlValue& value, std::string_view needed, Parse parse) {
  const std::string text = lines_in_place(value, needed);
  try {
    return parse(std::string_view(text));
  } catch (const LineError& e) {
    fail_in_place(value, e);
  }
}

// Takes the next line off `text`, without its end (LF or CR LF). Not to be called when `text` is empty.
std::string_view take_line(std::string_view& text);

// each(word, line) for what white space separates, from line 1; `#` begins a comment.
template <typename Each>
void for_each_word(std::string_view text, Each&& each) {
  constexpr std::string_view kSpace = " \t";
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    line = line.substr(0, line.find('#'));
    for (auto at = line.find_first_not_of(kSpace); at != std::string_view::npos;
         at = line.find_first_not_of(kSpace)) {
      line.remove_prefix(at);
      const std::string_view word = line.substr(0, line.find_first_of(kSpace));
      each(word, number);
      line.remove_prefix(word.size());
    }
  }
}

}  // namespace longhaul::topology
