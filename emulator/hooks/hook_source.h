// SPDX-License-Identifier: GPL-2.0-only
//
// From the file that a user names to one that HookProgram loads: BPF C is compiled with clang, if this
// machine has it. Control thread; waits for the compiler.
#pragma once

#include <filesystem>

namespace longhaul::hooks {

// A .bpf.o as it is; of a .bpf.c what clang makes of it, below `scratch_directory`, which is made and is the
// caller's to remove. Throws std::runtime_error in one line: the first error of clang, or that it is not
// there.
std::filesystem::path built_hook(const std::filesystem::path& file,
                                 const std::filesystem::path& scratch_directory);

// The directory that holds emulator/hooks/hook.bpf.h: as installed beside the program, or the source tree.
std::filesystem::path hook_include_directory();

}  // namespace longhaul::hooks
