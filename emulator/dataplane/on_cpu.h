// SPDX-License-Identifier: GPL-2.0-only
//
// The calling thread on one CPU for a while, so that memory it touches is of that CPU's NUMA node.
#pragma once

#include <sched.h>

namespace longhaul::dataplane {

class OnCpu {
 public:
  explicit OnCpu(unsigned cpu) {
    cpu_set_t there;
    CPU_ZERO(&there);
    CPU_SET(cpu, &there);
    moved_ = sched_getaffinity(0, sizeof before_, &before_) == 0 &&
             sched_setaffinity(0, sizeof there, &there) == 0;
  }
  ~OnCpu() {
    if (moved_) sched_setaffinity(0, sizeof before_, &before_);
  }
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;

 private:
  cpu_set_t before_{};
  bool moved_ = false;
};

}  // namespace longhaul::dataplane
