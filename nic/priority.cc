// SPDX-License-Identifier: GPL-2.0-only
#include "nic/priority.h"

#include <fstream>

namespace longhaul::nic {
namespace {

constexpr const char* kAutogroup = "/proc/self/autogroup";  // reads "/autogroup-123 nice 0", takes a nice value

bool write_nice(const std::string& value) {
  std::ofstream file(kAutogroup);
  file << value << std::flush;
  return file.good();
}

}  // namespace

PriorityBoost::PriorityBoost() {
  std::ifstream file(kAutogroup);
  std::string group, word, nice;
  if (!(file >> group >> word >> nice)) return;
  if (write_nice("-19")) previous_ = nice;
}

PriorityBoost::~PriorityBoost() {
  if (active()) write_nice(previous_);
}

}  // namespace longhaul::nic
