// SPDX-License-Identifier: GPL-2.0-only
//
// A whole file or none: the text goes to a temporary name beside the target, reaches the disk, and takes the
// target's name in one step (POSIX rename). A run that is killed leaves at most a hidden temporary file.
#pragma once

#include <filesystem>
#include <string_view>

namespace longhaul::results {

// Makes `path` hold `text`, replacing what was there. Throws std::runtime_error with path and reason in one
// line and leaves `path` as it was and no temporary file.
void write_whole_file(const std::filesystem::path& path, std::string_view text);

}  // namespace longhaul::results
