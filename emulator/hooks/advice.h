// SPDX-License-Identifier: GPL-2.0-only
//
// The usual way out of a refusal. Pure functions of what DPDK's verifier or libbpf said.
#pragma once

#include <string_view>

namespace longhaul::hooks {

// What to do about a program that the verifier refused with these words; never empty.
std::string_view advice(std::string_view words);

// The same when what it refused is the call of a helper.
std::string_view call_advice();

// The same for a file that libbpf did not open; empty when there is nothing to add.
std::string_view file_advice(std::string_view words);

}  // namespace longhaul::hooks
