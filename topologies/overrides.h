// SPDX-License-Identifier: GPL-2.0-only
//
// `--set a.b.c=value`: changes to a configuration file made on its raw tree, before validation, so that they
// pass the same checks as the file. A value that begins like a YAML list, mapping or quoted text is one; any
// other is taken as it stands. Messages name the override in place of file:line. Plain values, no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topologies/raw_yaml.h"

namespace longhaul::topology {

// `--set key=value`. `written` is the key as it was typed, for messages, when a prefix was taken off `key`.
struct Override {
  std::string key;
  std::string value;
  std::string written;
};

// Splits `a.b.c=value`; throws ConfigError when it has another form.
Override parse_override(std::string_view text);

// A value given in one word, as it stands on the right of a --set; nothing when it is not valid YAML where it
// begins like it. `label` stands for the file in messages about its characters.
std::optional<RawNode> parse_word(std::string_view value, std::string_view label);

// Sets the node at the override's key to its value, making the maps on the way; throws ConfigError.
// Whether those keys are known is for the reader to say.
void apply(const Override& change, RawDocument& document);

}  // namespace longhaul::topology
