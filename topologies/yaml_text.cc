// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/yaml_text.h"

#include <algorithm>
#include <array>

namespace longhaul::topology {

std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string yaml_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords{"null", "true", "false", "yes", "no",
                                                   "on",   "off",  "y",     "n"};
  const bool is_word = std::find(kWords.begin(), kWords.end(), name) != kWords.end();
  const bool is_number_like = !name.empty() && name.front() >= '0' && name.front() <= '9';
  return is_word || is_number_like ? yaml_quoted(name) : std::string(name);
}

}  // namespace longhaul::topology
