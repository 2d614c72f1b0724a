// SPDX-License-Identifier: GPL-2.0-only
#include "nic/priority.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <fstream>

namespace longhaul::nic {
namespace {

constexpr const char* kAutogroup =
    "/proc/self/autogroup";  // reads "/autogroup-123 nice 0", takes a nice value

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

void prepare_polling_thread() {
  constexpr int kFirst = -19;
  setpriority(PRIO_PROCESS, 0, kFirst);  // 0: on Linux the calling thread, not the process
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

}  // namespace longhaul::nic
