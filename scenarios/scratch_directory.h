// SPDX-License-Identifier: GPL-2.0-only
//
// A directory for what is compiled on the way, in the system's place for such things. Made when it is asked
// for first, removed with all that is in it at the end. One thread.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace longhaul::scenario {

class ScratchDirectory {
 public:
  ScratchDirectory() = default;
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code none;
    if (!path_.empty()) std::filesystem::remove_all(path_, none);
  }
  // Throws std::runtime_error when it cannot be made.
  const std::filesystem::path& path() {
    if (!path_.empty()) return path_;
    std::string name = (std::filesystem::temp_directory_path() / "longhaul-hook-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error(fmt::format("cannot make a directory {}: {}", name, std::strerror(errno)));
    }
    return path_ = name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace longhaul::scenario
