// SPDX-License-Identifier: GPL-2.0-only
//
// The words of a text of white space and numbers, one after the other, as HPCC's files are. Failures are
// ConfigErrors at the line of the word. The text must outlive the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/decimal.h"

namespace longhaul::topology {

class Words {
 public:
  Words(std::string_view text, std::string file);

  // How many words stand on the line of the next one; 0 at the end.
  std::size_t on_this_line() const;
  // Lines with words that have not been read.
  std::size_t lines_left() const;

  // The next word; fails at the end, saying that `what` is missing.
  std::string_view next(std::string_view what);
  // The next word as a whole number up to `most`.
  std::uint64_t number(std::string_view what, std::uint64_t most);
  // The next word as `parse`, a function of quantity.h, reads it.
  template <typename Parse>
  auto read(std::string_view what, Parse parse) {
    const std::string_view word = next(what);
    try {
      return parse(word);
    } catch (const QuantityError& e) {
      fail(what, e.what());
    }
  }
  // Throws the ConfigError for the word that was read last.
  [[noreturn]] void fail(std::string_view what, std::string_view message) const;

 private:
  struct Word {
    std::string_view text;
    std::size_t line;
  };
  std::string file_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
};

}  // namespace longhaul::topology
