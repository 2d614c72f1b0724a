// SPDX-License-Identifier: GPL-2.0-only
//
// Text as YAML scalars that any YAML reader takes as text. For validated names and prose only.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::topology {

// A double-quoted scalar; `text` is UTF-8 without control characters.
std::string yaml_quoted(std::string_view text);

// A name, quoted only where it would read as a number, a truth value or null.
std::string yaml_name(std::string_view name);

}  // namespace longhaul::topology
