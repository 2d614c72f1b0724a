// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/probe_cgroup.h"

#include <fstream>
#include <sstream>
#include <string>

namespace longhaul::nic {

std::filesystem::path cgroup2_root() {
  std::ifstream file("/proc/self/mounts");
  std::ostringstream text;
  text << file.rdbuf();
  return cgroup2_mount(text.str());
}

std::filesystem::path cgroup2_mount(std::string_view mounts) {
  std::istringstream lines{std::string(mounts)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device, place, type;
    if (words >> device >> place >> type && type == "cgroup2") return place;
  }
  return {};
}

}  // namespace longhaul::nic
